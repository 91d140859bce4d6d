/** What the clean-up of images can ask for. Carried out by execute.ts; each is safe to repeat after a crash at any point. */
export type GarbageAction = NoteUse | RemoveImage | AnnounceShortage;

/** Writes down which pulled images are used by nobody, and forgets those that are gone. By id. */
export interface NoteUse {
  readonly kind: 'note-use';
  readonly used: readonly string[];
  readonly unused: readonly string[];
  readonly gone: readonly string[];
  readonly at: number;
}

export interface RemoveImage {
  readonly kind: 'remove-image';
  readonly id: string;
  /** All it has. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

/** Tells people that the disk stays too full. */
export interface AnnounceShortage {
  readonly kind: 'announce-shortage';
  readonly message: string;
}
