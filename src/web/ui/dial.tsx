/**
 * The dial: how a stage is drawn everywhere. An open ring fills as the record moves on; tick is passed
 * or won, cross is lost, the dashed amber ring is missing or a gap. It reads without colour.
 */
export type DialShape = 'open' | 'passed' | 'won' | 'lost' | 'missing' | 'none';

type Props = {
  shape: DialShape;
  /** How far along, 0 to 1; for the open shape. */
  fill?: number;
  size?: number;
};

const around = 17.279; // circumference of the inner ring, r 2.75

export function Dial({ shape, fill = 0, size = 14 }: Props) {
  return (
    <svg width={size} height={size} viewBox="0 0 14 14" aria-hidden="true">
      {drawn[shape](fill)}
    </svg>
  );
}

const tick = (color: string, ink: string) => (
  <>
    <circle cx="7" cy="7" r="7" fill={color} />
    <path
      d="M4 7.2l2 2 4-4.2"
      fill="none"
      stroke={ink}
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </>
);

const drawn: Record<DialShape, (fill: number) => React.ReactNode> = {
  open: (fill) => (
    <>
      <circle cx="7" cy="7" r="6.25" fill="none" stroke="var(--stage-fill)" strokeWidth="1.5" />
      <circle
        cx="7"
        cy="7"
        r="2.75"
        fill="none"
        stroke="var(--stage-fill)"
        strokeWidth="4"
        strokeDasharray={`${Math.max(0.02, Math.min(1, fill) * around).toFixed(2)} ${around}`}
        transform="rotate(-90 7 7)"
      />
    </>
  ),
  passed: () => tick('var(--stage-fill)', 'var(--page)'),
  won: () => tick('var(--won-fill)', '#fff'),
  lost: () => (
    <>
      <circle cx="7" cy="7" r="7" fill="var(--lost-fill)" />
      <path d="M4.8 4.8l4.4 4.4M9.2 4.8L4.8 9.2" stroke="#fff" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  missing: () => (
    <>
      <circle
        cx="7"
        cy="7"
        r="6"
        fill="none"
        stroke="var(--due-fill)"
        strokeWidth="1.6"
        strokeDasharray="2.4 2.3"
      />
      <path d="M7 4.2v3.4M7 9.7v.1" stroke="var(--due)" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  none: () => <circle cx="7" cy="7" r="6.2" fill="none" stroke="var(--line-strong)" strokeWidth="1.5" />,
};
