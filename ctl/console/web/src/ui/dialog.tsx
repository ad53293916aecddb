// SPDX-License-Identifier: GPL-2.0-or-later
/* A modal dialog, and a box that opens under its button and closes by a click outside. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";

export function Dialog({
  title,
  children,
  onClose,
  wide = false,
}: {
  title: string;
  children: ComponentChildren;
  onClose?: () => void;
  wide?: boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {onClose && (
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

/** A field that shows its value as a button, and opens a box to change it. */
export function Popover({
  label,
  summary,
  invalid,
  describedBy,
  children,
}: {
  label: string;
  summary: ComponentChildren;
  invalid?: boolean;
  describedBy?: string | undefined;
  children: ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const labelId = useId();
  const valueId = useId();

  const shut = (focus: boolean) => {
    (document.activeElement as HTMLElement | null)?.blur();
    setOpen(false);
    if (focus) opener.current?.focus();
  };
  /* Before the next key, which belongs to its field. */
  useLayoutEffect(() => {
    if (open) root.current?.querySelector<HTMLInputElement>(".popover input")?.focus();
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (root.current && !root.current.contains(event.target as Node)) shut(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  return (
    <div
      class="field popover-field"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          event.stopPropagation();
          shut(true);
        }
      }}
      onFocusOut={(event) => {
        const to = event.relatedTarget as Node | null;
        if (open && to && !root.current?.contains(to)) shut(false);
      }}
    >
      <span class="label" id={labelId}>
        {label}
      </span>
      <button
        type="button"
        ref={opener}
        class={`value ${invalid ? "invalid" : ""}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-labelledby={`${labelId} ${valueId}`}
        aria-describedby={describedBy}
        onClick={() => (open ? shut(false) : setOpen(true))}
      >
        <span id={valueId}>{summary}</span>
        <Icon name="down" size={14} />
      </button>
      {open && (
        <div class="popover" role="dialog" aria-labelledby={labelId}>
          {children}
        </div>
      )}
    </div>
  );
}
