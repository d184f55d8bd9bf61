// What is decided of a frame: approved, rejected, skipped, taken back; and its edit, which is saved before.
import { say, STILL_SAVING, trying } from "./notice.js";

const UNSEEN = "This photo’s picture did not come, so it can’t be approved. Press T to try again.";

export class Decisions {
  #saving = new Set(); // items

  // show(entry): the frame was worked over.
  constructor(server, line, picture, { mayDecide, show, unsaved, editor }) {
    Object.assign(this, { server, line, picture, mayDecide, show, unsaved, editor });
  }

  // Whether what is looked at is being saved.
  get isSaving() {
    return this.#saving.has(this.line.current?.item);
  }

  // Whether leaving loses something: what is being saved is saved all the same, but for a bridge that was moved.
  get isAtRisk() {
    return this.isSaving ? this.picture.movedBridge !== null : this.picture.isChanged;
  }

  // told: why, remark, mark of a photo that is rejected.
  async decide(kind, told = {}) {
    if (!this.line.current || !this.mayDecide()) return;
    if (this.isSaving) return say(STILL_SAVING, "bad");
    const { item, isUnseen } = this.line.current;
    if (kind === "approve" && !item.canApprove) return say(item.whyNot, "bad");
    if (kind === "approve" && isUnseen) return say(UNSEEN, "bad");
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
    if (!this.line.current || !this.mayDecide()) return;
    const { id } = this.line.current.item;
    const told = await this.#settle(id, () => this.server.ask("skip", id));
    if (told) say(told.said);
  }

  async undo() {
    await this.line.settled();
    const { said, item, line } = await this.server.ask("undo");
    await this.line.turnTo(item, line);
    say(said);
  }

  async save() {
    if (!this.line.current || !this.picture.isEdited || this.isSaving) return;
    const { item } = this.line.current;
    const edit = this.picture.editToSend;
    this.#saving.add(item);
    this.editor.arm(null);
    say("Saving the edit…");
    try {
      this.#showSaved(item, await this.line.settle(item.id, () => this.#renewed(item, edit), true));
    } finally {
      this.#saving.delete(item);
    }
  }

  async #renewed(item, edit) {
    return this.line.renew(item, await this.#send(item, edit));
  }

  // Who left meanwhile works on something else by now. A bridge that was moved stays where it was put.
  #showSaved({ code, view }, entry) {
    if (!entry) return say(`Your edit of ${code} ${view} is saved.`);
    const moved = this.picture.movedBridge;
    this.show(entry);
    if (moved !== null) this.picture.putBridge(moved);
    say("Saved: this is its cut-out now.");
  }

  async #send({ id, version }, edit) {
    const { item } = await this.server.ask("edit", id, { version, ...edit });
    this.unsaved.forget({ id, version });
    return item;
  }

  // The next frame is there at once; a refusal brings this one back, with what was made of it.
  async #saveAndApprove(item, asked) {
    const edit = this.picture.editToSend;
    let refusal = null;
    const saveAndDecide = async () => {
      const { version } = await this.#send(item, edit);
      return this.server.ask("decide", item.id, { ...asked, version });
    };
    const sent = this.line.settle(item.id, saveAndDecide, true).catch((error) => (refusal = error));
    await trying(() => this.line.advance());
    const answer = await sent;
    if (!refusal) return say(`${answer.said} Undo takes it back.`);
    await this.#comeBack(item, edit, asked.bridge_x);
    say(refusal.message, "bad");
  }

  // Unless something else is being painted by now; then the draft waits for whoever opens the frame. Another cut-out is
  // there if the edit was saved before the refusal, or somebody worked on it: it isn't painted on once more.
  async #comeBack(was, edit, bridgeX) {
    if (this.picture.isChanged) return;
    await trying(() => this.line.open(was.id));
    const item = this.line.current?.item;
    if (item?.id !== was.id) return;
    if (bridgeX !== null) this.picture.putBridge(bridgeX);
    if (item.pictures.cutout === was.pictures.cutout) await this.unsaved.bring(edit, item);
  }

  // The next frame is there at once.
  async #settle(id, work) {
    const answer = trying(() => this.line.settle(id, work));
    await trying(() => this.line.advance());
    return answer;
  }
}
