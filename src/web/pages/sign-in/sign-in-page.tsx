/** Signing in; afterwards one is where one wanted to go. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useState } from 'react';
import { problemOf } from '../../api/request.ts';
import { signIn } from '../../api/session.ts';
import { refusalWords } from '../../record/refusal-words.ts';
import { useTitle } from '../../ui/use-title.ts';
import { EntryFrame } from '../entry-frame.tsx';
import { EntryRefusal } from '../entry-refusal.tsx';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  useTitle(t('signIn.title'));
  const enter = useMutation({
    mutationFn: () => signIn({ email: email.trim(), password }),
    onSuccess: () => {
      client.clear();
      router.history.push(to ?? '/');
    },
  });
  const refused = enter.error
    ? problemOf(enter.error).status === 401
      ? t('signIn.refused')
      : refusalWords(enter.error)
    : undefined;
  return (
    <EntryFrame title={t('signIn.title')} text={to ? t('signIn.back') : undefined}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate();
        }}
      >
        <TextInput
          id="email"
          type="email"
          label={t('signIn.email')}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          id="password"
          label={t('signIn.password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
        />
        <EntryRefusal words={refused} />
        <Button type="submit" loading={enter.isPending}>
          {t('signIn.send')}
        </Button>
      </form>
    </EntryFrame>
  );
}
