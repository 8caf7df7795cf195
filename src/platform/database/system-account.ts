/**
 * Whose process PostgreSQL is. It refuses to run as root, so a Groundwork started by root (a container, a
 * small server) runs it as another account; anyone else runs it as themselves.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { databaseRefusal } from './refusal.ts';

/** null: the account that runs this process. */
export type SystemAccount = { uid: number; gid: number } | null;

export function systemAccountFor(clusterFolder: string): SystemAccount {
  const uid = process.getuid?.();
  if (uid === undefined) return null;
  const owner = existsSync(clusterFolder) ? statSync(clusterFolder) : null;
  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      throw databaseRefusal(
        'database_folder',
        `The database in ${clusterFolder} belongs to another user (id ${owner.uid}): ` +
          `start Groundwork as that user or as root, or hand the folder over with chown.`,
      );
    }
    return null;
  }
  // A cluster that already belongs to somebody keeps its owner (a volume from another machine, say).
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (
    accountNamed('groundwork') ?? createdAccount() ?? accountNamed('nobody') ?? { uid: 65534, gid: 65534 }
  );
}

function createdAccount(): SystemAccount {
  spawnSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent']
      .concat(['--shell', existsSync('/usr/sbin/nologin') ? '/usr/sbin/nologin' : '/bin/false'])
      .concat(['groundwork']),
    { stdio: 'ignore' },
  );
  return accountNamed('groundwork'); // also when another starting process was the one that made it
}

function accountNamed(name: string): SystemAccount {
  if (!existsSync('/etc/passwd')) return null;
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [account, , uid, gid] = line.split(':');
    if (account === name && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}
