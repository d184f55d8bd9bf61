// What is decided of a frame: approved, rejected, skipped, taken back; and its edit, which is saved before.
import { say, trying } from "./notice.js";

export class Decisions {
  #isSaving = false;

  // show(entry): the frame was worked over.
  constructor(server, line, picture, { mayDecide, show }) {
    Object.assign(this, { server, line, picture, mayDecide, show });
  }

  get #isClosed() {
    return !this.mayDecide() || this.#isSaving;
  }

  // told: why, remark, mark of a photo that is rejected.
  async decide(kind, told = {}) {
    if (!this.line.current || this.#isClosed) return;
    const { item } = this.line.current;
    if (kind === "approve" && !item.canApprove) return say(item.whyNot, "bad");
    if (kind === "approve" && this.picture.isEdited) return trying(() => this.#saveAndApprove());
    const asked = { kind, ...told, version: item.version, bridge_x: this.picture.movedBridge };
    const answer = await this.#settle("decide", item.id, asked);
    if (answer) say(`${answer.said} U takes it back.`);
  }

  async skip() {
    if (!this.line.current || this.#isClosed) return;
    const told = await this.#settle("skip", this.line.current.item.id);
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
    const { item } = await this.server.ask("edit", id, { version, ...this.picture.editToSend });
    const moved = this.picture.movedBridge;
    this.show(await this.line.renew(item));
    if (moved !== null) this.picture.putBridge(moved);
  }

  async #saveAndApprove() {
    await this.save();
    if (!this.picture.isEdited) await this.decide("approve");
  }

  // The next frame is there at once; what was painted is saved before it is let go, so that a refusal can't lose it.
  async #settle(name, id, asked) {
    const answer = trying(() => this.line.settle(id, () => this.server.ask(name, id, asked)));
    await trying(() => this.line.advance());
    return answer;
  }
}
