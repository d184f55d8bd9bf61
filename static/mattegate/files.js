// Files from a picker or a drop, folders opened. Names that start with a dot belong to the operating system.
const isVisible = (file) => !file.name.startsWith(".");

export function filesFromInput(input) {
  return [...input.files].filter(isVisible);
}

export async function filesFromDrop(transfer) {
  // Entries must be asked for at once: the transfer is emptied after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].filter(isVisible);
  return (await Promise.all(entries.map(filesOf))).flat().filter(isVisible);
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const inside = await listed(entry.createReader());
  return (await Promise.all(inside.map(filesOf))).flat();
}

// A directory reader hands out at most 100 entries a call.
async function listed(reader) {
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...some);
  }
}
