// What is decided of a frame: approved, rejected, skipped, taken back; and its edit, which is saved before.
import { say, trying } from "./notice.js";

export class Decisions {
  #isSaving = false;

  // show(entry): the frame was worked over.
  constructor(server, line, picture, { mayDecide, show, unsaved }) {
    Object.assign(this, { server, line, picture, mayDecide, show, unsaved });
  }

  get #isClosed() {
    return !this.mayDecide() || this.#isSaving;
  }

  // told: why, remark, mark of a photo that is rejected.
  async decide(kind, told = {}) {
    if (!this.line.current || this.#isClosed) return;
    const { item } = this.line.current;
    if (kind === "approve" && !item.canApprove) return say(item.whyNot, "bad");
    const asked = { kind, ...told, version: item.version, bridge_x: this.picture.movedBridge };
    if (kind === "approve" && this.picture.isEdited) return this.#saveAndApprove(item, asked);
    const answer = await this.#settle(item.id, () => this.server.ask("decide", item.id, asked));
    if (answer) say(`${answer.said} Undo takes it back.`);
  }

  // While somebody looks for the reason, the photo may be lost to somebody else, and another one stand there.
  async reject({ id, version, code, view }, kind, told) {
    const now = this.line.current?.item;
    const isThere = now?.id === id && now.version === version && this.mayDecide();
    if (!isThere) return say(`${code} ${view} isn’t in your hands any more; nothing was decided.`, "bad");
    await this.decide(kind, told);
  }

  async skip() {
    if (!this.line.current || this.#isClosed) return;
    const { id } = this.line.current.item;
    const told = await this.#settle(id, () => this.server.ask("skip", id));
    if (told) say(told.said);
  }

  async undo() {
    if (this.#isSaving) return;
    await this.line.settled();
    const { said, item, line } = await this.server.ask("undo");
    await this.line.turnTo(item, line);
    say(said);
  }

  async save() {
    const { current } = this.line;
    if (!current || !this.picture.isEdited || this.#isSaving) return;
    this.#isSaving = true;
    say("Saving the edit…");
    try {
      await this.#send(current.item);
      say("Saved: this is its cut-out now.");
    } finally {
      this.#isSaving = false;
    }
  }

  // A bridge that was moved stays where it was put.
  async #send({ id, version }) {
    const moved = this.picture.movedBridge;
    const { item } = await this.server.ask("edit", id, { version, ...this.picture.editToSend });
    this.unsaved.forget({ id, version });
    this.show(await this.line.renew(item));
    if (moved !== null) this.picture.putBridge(moved);
  }

  // The next frame is there at once; a refusal brings this one back, with what was made of it.
  async #saveAndApprove({ id, version }, asked) {
    const edit = this.picture.editToSend;
    let refusal = null;
    const saveAndDecide = async () => {
      const { item } = await this.server.ask("edit", id, { version, ...edit });
      this.unsaved.forget({ id, version });
      return this.server.ask("decide", id, { ...asked, version: item.version });
    };
    const sent = this.line.settle(id, saveAndDecide, true).catch((error) => (refusal = error));
    await trying(() => this.line.advance());
    const answer = await sent;
    if (!refusal) return say(`${answer.said} Undo takes it back.`);
    await this.#comeBack(id, edit);
    say(refusal.message, "bad");
  }

  // Unless something else is being painted by now; then the draft waits for whoever opens the frame.
  async #comeBack(id, edit) {
    if (this.picture.isChanged) return;
    await trying(() => this.line.open(id));
    if (this.line.current?.item.id === id) await this.unsaved.bring(edit);
  }

  // The next frame is there at once.
  async #settle(id, work) {
    const answer = trying(() => this.line.settle(id, work));
    await trying(() => this.line.advance());
    return answer;
  }
}
