/** The first run, opened from the one-time link: who administers, and where the team works. */
import { Button, PasswordInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '../../api/request.ts';
import { checkSetUp, setUp } from '../../api/session.ts';
import { issueWords, refusalWords } from '../../record/refusal-words.ts';
import { useTitle } from '../../ui/use-title.ts';
import { EntryFrame } from '../entry-frame.tsx';
import { EntryRefusal } from '../entry-refusal.tsx';
import classes from './set-up-page.module.css';
import { countries, currencies, usualCountry, usualCurrency, usualZone, zones } from './places.ts';

export function SetUpPage() {
  const { t } = useTranslation();
  const router = useRouter();
  const client = useQueryClient();
  // Read as plain text: the router would take a token of figures alone for a number.
  const token = useMemo(() => new URLSearchParams(window.location.search).get('token') ?? '', []);
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [team, setTeam] = useState('');
  const [zone, setZone] = useState(usualZone);
  const [country, setCountry] = useState(usualCountry);
  const [currency, setCurrency] = useState(() => usualCurrency(usualCountry()));
  useTitle(t('setUp.title'));

  const send = useMutation({
    mutationFn: () =>
      setUp({
        token,
        name: name.trim(),
        email: email.trim(),
        password,
        workspace: { name: team.trim(), timeZone: zone, currency: fixed ?? currency, country },
      }),
    onSuccess: () => {
      client.clear();
      router.history.push('/');
    },
  });
  const problem = send.error ? problemOf(send.error) : undefined;
  const at = (...paths: string[]) =>
    problem?.errors
      .filter((issue) => paths.includes(issue.path))
      .map(issueWords)
      .join(' ') || undefined;
  const fields = [
    'name',
    'email',
    'password',
    'workspace.name',
    'workspace.timeZone',
    'workspace.currency',
    'workspace.country',
  ];
  const elsewhere = problem?.errors.filter((issue) => !fields.includes(issue.path)) ?? [];
  const refused = !problem
    ? undefined
    : elsewhere.length > 0
      ? elsewhere.map(issueWords).join(' ')
      : problem.errors.length === 0
        ? refusalWords(send.error)
        : undefined;

  const link = useQuery({
    queryKey: ['set-up', token],
    queryFn: () => checkSetUp(token),
    enabled: token !== '',
    retry: false,
    staleTime: Infinity,
  });
  /** Amounts are stored already, and are worth what they are in this one. */
  const fixed = link.data?.currency;
  if (link.isError && problemOf(link.error).status !== 0) {
    const [issue] = problemOf(link.error).errors;
    return (
      <EntryFrame title={t('setUp.gone')} text={issue ? issueWords(issue) : refusalWords(link.error)}>
        <p className={classes.onward}>
          <Link to="/sign-in" className="link">
            {t('setUp.toSignIn')}
          </Link>
        </p>
      </EntryFrame>
    );
  }
  if (!token) {
    return (
      <EntryFrame title={t('setUp.title')} text={t('setUp.noToken')}>
        {null}
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title={t('setUp.title')} text={t('setUp.text')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <TextInput
          id="name"
          label={t('setUp.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={at('name')}
          autoComplete="name"
          required
          withAsterisk={false}
          autoFocus
        />
        <TextInput
          id="email"
          type="email"
          label={t('setUp.email')}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={at('email')}
          autoComplete="username"
          required
          withAsterisk={false}
        />
        <PasswordInput
          id="password"
          label={t('setUp.password')}
          description={t('setUp.passwordHint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={at('password')}
          autoComplete="new-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
        />
        <hr className={classes.line} />
        <TextInput
          id="team"
          label={t('setUp.team')}
          value={team}
          onChange={(event) => setTeam(event.currentTarget.value)}
          error={at('workspace.name')}
          autoComplete="organization"
          required
          withAsterisk={false}
        />
        <div className={classes.pair}>
          <Select
            id="country"
            label={t('setUp.country')}
            data={countries()}
            value={country}
            onChange={(value) => {
              if (!value) return;
              setCountry(value);
              setCurrency(usualCurrency(value));
            }}
            error={at('workspace.country')}
            searchable
            allowDeselect={false}
          />
          <Select
            id="currency"
            label={t('setUp.currency')}
            data={currencies()}
            value={fixed ?? currency}
            disabled={fixed !== undefined}
            description={fixed && t('setUp.currencyFixed', { currency: fixed })}
            onChange={(value) => value && setCurrency(value)}
            error={at('workspace.currency')}
            searchable
            allowDeselect={false}
          />
        </div>
        <Select
          id="zone"
          label={t('setUp.zone')}
          data={zones()}
          value={zone}
          onChange={(value) => value && setZone(value)}
          error={at('workspace.timeZone')}
          searchable
          allowDeselect={false}
        />
        <EntryRefusal words={refused} />
        <Button type="submit" loading={send.isPending}>
          {t('setUp.send')}
        </Button>
      </form>
    </EntryFrame>
  );
}
