/** Me: who is signed in, the look of the app, the way out. */
import { Menu, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../api/catalog.ts';
import { signOut } from '../api/session.ts';
import { refusalWords } from '../record/refusal-words.ts';
import { Avatar } from '../ui/avatar.tsx';
import { toast } from '../ui/toast.tsx';
import classes from './me-menu.module.css';

const looks = [
  { key: 'light', Icon: IconSun },
  { key: 'dark', Icon: IconMoon },
  { key: 'auto', Icon: IconDeviceDesktop },
] as const;

export function MeMenu() {
  const { t } = useTranslation();
  const { me } = useCatalog();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      toast({ message: refusalWords(error), tone: 'refused' });
      return;
    }
    client.clear();
    void navigate({ to: '/sign-in' });
  };
  return (
    <Menu position="bottom-end" width={220} withinPortal>
      <Menu.Target>
        <button type="button" className={classes.me} aria-label={t('shell.me', { name: me.name })}>
          <Avatar name={me.name} seed={me.user ?? me.id} size={28} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <b className="cut">{me.name}</b>
          <span className="muted small cut">
            {me.roles.map((role) => role.replaceAll('_', ' ')).join(', ')}
          </span>
        </div>
        <Menu.Divider />
        <Menu.Label>{t('shell.look')}</Menu.Label>
        {looks.map(({ key, Icon }) => (
          <Menu.Item
            key={key}
            role="menuitemradio"
            aria-checked={colorScheme === key}
            closeMenuOnClick={false}
            leftSection={<Icon size={16} stroke={1.6} />}
            rightSection={colorScheme === key ? <IconCheck size={14} stroke={1.6} /> : undefined}
            onClick={() => setColorScheme(key)}
          >
            {t(`looks.${key}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.6} />} onClick={() => void leave()}>
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
