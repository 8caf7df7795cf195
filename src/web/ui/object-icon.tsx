/** Icons that object definitions may name; another name gets a plain one. */
import {
  IconArticle,
  IconBriefcase,
  IconBuilding,
  IconCheckbox,
  IconCircleDot,
  IconFileText,
  IconLifebuoy,
  IconMapPin,
  IconMessageCircle,
  IconPackage,
  IconReceipt,
  IconRepeat,
  IconRoute,
  IconSpeakerphone,
  IconTarget,
  IconTargetArrow,
  IconUser,
  IconUserCircle,
  IconUserPlus,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';

const icons: Record<string, typeof IconUser> = {
  article: IconArticle,
  briefcase: IconBriefcase,
  building: IconBuilding,
  checkbox: IconCheckbox,
  'file-text': IconFileText,
  lifebuoy: IconLifebuoy,
  'map-pin': IconMapPin,
  'message-circle': IconMessageCircle,
  package: IconPackage,
  receipt: IconReceipt,
  repeat: IconRepeat,
  route: IconRoute,
  speakerphone: IconSpeakerphone,
  target: IconTarget,
  'target-arrow': IconTargetArrow,
  user: IconUser,
  'user-circle': IconUserCircle,
  'user-plus': IconUserPlus,
  users: IconUsers,
  'users-group': IconUsersGroup,
};

export function ObjectIcon({ name, size = 16 }: { name: string | undefined; size?: number }) {
  const Icon = icons[name ?? ''] ?? IconCircleDot;
  return <Icon size={size} stroke={1.6} aria-hidden="true" />;
}
