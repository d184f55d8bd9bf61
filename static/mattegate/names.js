/** Answers what is wrong with a photo's name, or "": by the rules of naming.py, which the page carries. */
export function nameChecker({ rules, expected }) {
  const checks = rules.map(([pattern, why]) => [new RegExp(`^(?:${pattern})$`, "u"), `${why}; ${expected}`]);
  return (name) => checks.find(([pattern]) => !pattern.test(name))?.[1] ?? "";
}
