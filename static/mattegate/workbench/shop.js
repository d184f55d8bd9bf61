// All files of a frame, as the shop will show them.
import { at, element } from "../dom.js";
import { say } from "./notice.js";

const PER_KB = 1000;

function showFiles(list, files) {
  const figure = ({ url, variant, extension, size }) => {
    const picture = element("img", { src: url, alt: `${variant} ${extension}`, draggable: "false" });
    const link = element("a", { href: url, target: "_blank" }, picture);
    const facts = ` ${extension.toUpperCase()}, ${Math.round(size / PER_KB)} kB`;
    const caption = element("figcaption", {}, element("b", {}, variant), facts);
    return element("figure", { "data-variant": variant }, link, caption);
  };
  list.replaceChildren(...files.map(figure));
}

export async function showShop(line, picture, server) {
  const { current } = line;
  if (!current?.item.pictures.cutout) return say("There is no cut-out, so there is nothing that a shop could show.");
  if (picture.isEdited) return say("Save the edit first (Enter); then the files show it.");
  say("Making all files…");
  const { files } = await server.ask("shop", current.item.id, { bridge_x: picture.movedBridge });
  if (line.current !== current) return; // decided meanwhile
  say("");
  showFiles(at("filelist"), files);
  at("files").showModal();
}
