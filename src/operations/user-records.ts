/** What sign-in asks of the engine: a record of the users or teams, made and found by the two paths of all records. */
import { list } from '../engine/read/list.ts';
import { write } from '../engine/write/write.ts';
import type { Records } from '../platform/auth/add-user.ts';

export const userRecords: Records = {
  async create(context, object, values, along) {
    const [outcome] = await write(context, {
      changes: [{ create: object, set: values }],
      mode: 'all',
      async respond(on, [made]) {
        if (made?.ok) await along?.(on, made.id);
        return { status: 201, body: null };
      },
    });
    if (!outcome?.ok) throw outcome?.problem ?? new Error('The write path gave no outcome.');
    return outcome.id;
  },
  async find(context, object, field, value) {
    const { data } = await list(context, { object, where: { [field]: value }, fields: ['id'], limit: 1 });
    return data[0]?.['id'] as string | undefined;
  },
};
