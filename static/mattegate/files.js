// Files from a picker or a drop, folders opened.

export async function filesFromDrop(transfer) {
  // Entries must be asked for at once: the transfer is emptied after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

/** Tells what lies beside photos as a matter of course by its name: as naming.is_no_photo does. */
export function photosOnly(names) {
  const others = new Set(names);
  const ending = (name) => name.slice(name.lastIndexOf(".")).toLowerCase();
  return ({ name }) => !name.startsWith(".") && !others.has(name.toLowerCase()) && !others.has(ending(name));
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
