/** The machine, the data folder, and how people reach the server. */
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { fail, ok, warn, type Check } from './check.ts';

const gigabyte = 1024 ** 3;

export const node: Check = {
  about: 'Node',
  needsDatabase: false,
  async look() {
    const major = Number(process.versions.node.split('.')[0]);
    const says = `Node ${process.versions.node} on ${process.platform} ${process.arch}.`;
    return [
      major >= 24 ? ok(says) : fail(says, 'Use Node 24 or later; npm ci brings it on Linux and Windows.'),
    ];
  },
};

export const dataFolder: Check = {
  about: 'Data folder',
  needsDatabase: false,
  async look({ dataDir }) {
    const found = await stat(dataDir).catch(() => undefined);
    if (!found)
      return [
        warn(
          `The data folder ${dataDir} is not there yet.`,
          'The first start makes it; if there should be one, check DATA_DIR.',
        ),
      ];
    if (!found.isDirectory()) return [fail(`${dataDir} is no folder.`, 'Point DATA_DIR to a folder.')];
    const writable = await access(dataDir, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!writable)
      return [
        fail(
          `This user may not write to ${dataDir}.`,
          'Run it as the user whom the folder belongs to, or change its owner.',
        ),
      ];
    const { bavail, bsize } = await statfs(dataDir);
    const free = Number(bavail) * Number(bsize);
    const says = `${(free / gigabyte).toFixed(1)} GB are free on the disk of ${dataDir}.`;
    if (free < gigabyte / 4)
      return [fail(says, 'Make room before the database stops: it cannot write without.')];
    return [free < 2 * gigabyte ? warn(says, 'Make room, or move DATA_DIR to a larger disk.') : ok(says)];
  },
};

export const address: Check = {
  about: 'Address',
  needsDatabase: false,
  async look({ publicUrl, trustProxy }) {
    if (publicUrl === undefined) {
      return [
        trustProxy === false
          ? warn(
              'PUBLIC_URL is not set: links in messages name the address it listens on.',
              'Set PUBLIC_URL to the address in the browser, once others than this machine use it.',
            )
          : warn(
              'A proxy is trusted, but PUBLIC_URL is not set.',
              'Set PUBLIC_URL, such as https://crm.example.com.',
            ),
      ];
    }
    const { protocol, hostname } = new URL(publicUrl);
    const local = hostname === 'localhost' || hostname.startsWith('127.');
    if (protocol === 'http:' && !local)
      return [
        warn(
          `${publicUrl} is not encrypted: passwords travel readable.`,
          'Put a proxy with HTTPS in front; samples lie in deploy/.',
        ),
      ];
    if (protocol === 'https:' && trustProxy === false)
      return [
        warn(
          'It is reached by HTTPS, which a proxy must do, but none is trusted: limits take all people for one.',
          'Set TRUST_PROXY=1 if one proxy stands in front.',
        ),
      ];
    if (trustProxy === true)
      return [
        warn(
          'TRUST_PROXY=true believes every caller what address it has.',
          'Set the number of proxies, such as 1, or their networks.',
        ),
      ];
    return [ok(`It is reached at ${publicUrl}.`)];
  },
};
