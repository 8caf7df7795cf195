/** Everything a caller can do. A new operation is one line here, and then a route, an API entry and a typed call. */
import { backupOperations } from './backups.ts';
import { batchOperations } from './batches.ts';
import { bulkOperations } from './bulk.ts';
import { catalogOperations } from './catalog.ts';
import { convertOperations } from './convert.ts';
import { exportOperations } from './exports.ts';
import { fileOperations } from './files.ts';
import { importOperations } from './imports.ts';
import { keyOperations } from './keys.ts';
import { moneyOperations } from './money.ts';
import { liveOperations } from './live.ts';
import type { Operation } from './operation.ts';
import { recordOperations } from './records.ts';
import { sessionOperations } from './session.ts';
import { setupOperations } from './setup.ts';
import { usersAccessOperations } from './users-access.ts';

export const operations: readonly Operation[] = [
  ...recordOperations,
  ...convertOperations,
  ...bulkOperations,
  ...importOperations,
  ...exportOperations,
  ...backupOperations,
  ...batchOperations,
  ...moneyOperations,
  ...liveOperations,
  ...catalogOperations,
  ...fileOperations,
  ...sessionOperations,
  ...setupOperations,
  ...usersAccessOperations,
  ...keyOperations,
];
