/** The sign of the app. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <rect width="20" height="20" rx="5" fill="var(--text-1)" />
      <path d="M5 6.2h4M5 10h7M5 13.8h10" stroke="var(--page)" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
