/** Every way in which a backup or a restore says no, as an Error whose message is a whole sentence for people. */
export type BackupRefusalCode =
  | 'backup_nothing'
  | 'backup_file'
  | 'backup_damaged'
  | 'backup_newer'
  | 'backup_other_tables'
  | 'backup_place'
  | 'backup_busy'
  | 'backup_room';

export const backupRefusal = (code: BackupRefusalCode, sentence: string, cause?: unknown): Error =>
  Object.assign(new Error(sentence, cause === undefined ? undefined : { cause }), { code });

/** `why` ends the sentence, without its full stop. */
export const damaged = (why: string, cause?: unknown): Error =>
  backupRefusal(
    'backup_damaged',
    `This backup cannot be used: ${why}. Nothing was changed. Take another one, or copy the file again from where it came.`,
    cause,
  );
