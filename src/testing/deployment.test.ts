import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readProjectFile, root } from './checks/project-files.ts';

/** `!reset` is compose's own. */
const tags = [{ tag: '!reset', collection: 'seq' as const, resolve: () => [] }];
const compose = (path: string): any => parse(readProjectFile(path), { customTags: tags });

const readme = readProjectFile('README.md');
/** Variables that the README's table of settings tells. */
const settings = new Set(
  readme
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`([A-Z_0-9]+)`/g)].map((found) => found[1]!)),
);

const dockerfile = readProjectFile('Dockerfile');
const ignored = readProjectFile('.dockerignore').split('\n').filter(Boolean);

describe('the image', () => {
  it('copies only what is there, and what .dockerignore lets through', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((found) =>
      found[1]!.split(' '),
    );
    expect(copied).toContain('src');
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(ignored).not.toContain(path);
    }
  });

  it('starts what npm start starts, as a user without rights', () => {
    const { scripts } = JSON.parse(readProjectFile('package.json')) as { scripts: Record<string, string> };
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[];
    expect(command.join(' ')).toBe(scripts['start']);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain('npm run build');
    expect(scripts['build']).toBeDefined();
  });

  it('keeps secrets, data and history out', () => {
    expect(ignored).toEqual(expect.arrayContaining(['.env', '*.env', '.git', 'data', '**/node_modules']));
  });
});

describe('the compose files', () => {
  const main = compose('compose.yaml');

  it('give the app only settings that there are', () => {
    const given = Object.keys(main.services.app.environment);
    expect(given.filter((name) => !settings.has(name))).toEqual([]);
  });

  it('start the app when the database is ready, and ask for a password rather than have one', () => {
    expect(main.services.app.depends_on.db.condition).toBe('service_healthy');
    expect(main.services.db.healthcheck).toBeDefined();
    for (const name of ['app', 'db'])
      expect(JSON.stringify(main.services[name].environment)).toContain('${POSTGRES_PASSWORD:?');
  });

  it('name volumes and files that are there', () => {
    for (const { volumes = [] } of Object.values<any>(main.services)) {
      for (const volume of volumes as string[]) {
        const source = volume.split(':')[0]!;
        if (source.startsWith('.')) expect(existsSync(join(root, source)), source).toBe(true);
        else expect(Object.keys(main.volumes)).toContain(source);
      }
    }
  });

  it('for several processes change services that there are', () => {
    const several = compose('deploy/compose.several.yaml');
    for (const name of Object.keys(several.services)) expect(main.services[name]).toBeDefined();
  });
});

describe('the unit of systemd', () => {
  const unit = readProjectFile('deploy/groundwork.service');

  it('starts what npm start starts, in its own folder and nowhere else', () => {
    expect(unit).toMatch(/^ExecStart=\/opt\/groundwork\/node_modules\/\.bin\/node src\/http\/main\.ts$/m);
    expect(unit).toMatch(/^ProtectSystem=strict$/m);
    expect(unit).toMatch(/^StateDirectory=groundwork$/m);
    expect(unit).toMatch(/DATA_DIR=\/var\/lib\/groundwork$/m);
  });

  it('has an example of settings that there are', () => {
    const named = [...readProjectFile('deploy/groundwork.env.example').matchAll(/^#?([A-Z_]+)=/gm)];
    expect(named.length).toBeGreaterThan(3);
    expect(named.map((found) => found[1]!).filter((name) => !settings.has(name))).toEqual([]);
  });
});
