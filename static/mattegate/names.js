/** Answers what is wrong with a photo's name, or "": by the rules of naming.py, which the page carries. */
export function nameChecker({ rules, expected }) {
  const checks = rules.map(([pattern, why]) => [new RegExp(`^(?:${pattern})$`, "u"), `${why}; ${expected}`]);
  return (name) => checks.find(([pattern]) => !pattern.test(name))?.[1] ?? "";
}

const ending = (name) => name.match(/\.[a-z][a-z\d]{1,3}$/i)?.[0] ?? "";
const stem = (name) => name.slice(0, name.length - ending(name).length).toLowerCase();

/** The name, with the ending of the file's own where none was typed. */
export const withEnding = (name, own) => (ending(name) ? name : name + ending(own));

/** Product code and view of a good name, alike for two files that would be one photo. */
export const slotOf = (name) => name.slice(0, name.lastIndexOf(".")).toUpperCase();

/** The name with that view's number, whether it had one before or not, and without spaces. */
export function withView(name, number) {
  const before = name.slice(0, name.length - ending(name).length).replace(/_+\d?$/, "").trim().replaceAll(" ", "-");
  return `${before}_${number}${ending(name)}`;
}

/** New names by a pasted list: each line a file's name, then its new name, or product code and view. */
export function renamer({ views }, pasted) {
  const lines = pasted.split("\n").map((line) => line.split(/[\t,;]/).map((cell) => cell.trim().replace(/^"|"$/g, "")));
  const wanted = new Map(lines.filter(([old, name]) => old && name).map(([old, ...parts]) => [stem(old), parts]));
  return (name) => {
    const [first, view] = wanted.get(stem(name)) ?? [];
    if (!first) return "";
    const number = views.indexOf(view?.toLowerCase()) + 1 || view;
    return withEnding(view ? `${first}_${number}` : first, name);
  };
}
