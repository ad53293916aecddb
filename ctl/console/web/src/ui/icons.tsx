// SPDX-License-Identifier: GPL-2.0-or-later
/* Icons as strokes of the text's colour. */
const PATHS = {
  platform: "M3 6h5M3 18h5M16 6h5M16 18h5M8 6c2 0 1 6 4 6s2-6 4-6M8 18c2 0 1-6 4-6s2 6 4 6",
  flows: "M4 7h13m0 0-3-3m3 3-3 3M20 17H7m0 0 3-3m-3 3 3 3",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  monitor: "M4 4v16h16M8 15l3-4 3 2 5-7",
  manage: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  discovery: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  health: "M3 12h4l3-7 4 14 3-7h4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  right: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  left: "M15 5l-7 7 7 7",
  menu: "M4 6h16M4 12h16M4 18h16",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  help: "M9 9a3 3 0 1 1 4 2.8c-.8.4-1 1-1 2.2M12 17.5h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  out: "M14 4h5v16h-5M4 12h11m0 0-4-4m4 4-4 4",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  warning: "M12 4 2.5 20h19zM12 10v5M12 17.5h.01",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7z",
  check: "M4 12l5 6L20 6",
  host: "M5 4h14v16H5zM5 10h14M5 15h14M8.5 7h.01M8.5 12.5h.01M8.5 17.5h.01",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  cloud: "M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9a4.5 4.5 0 0 1-.5 9z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
