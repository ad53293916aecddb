// SPDX-License-Identifier: GPL-2.0-or-later
/* A field of several values: each becomes a chip with ENTER or on leaving the field. */
import { useId, useRef, useState } from "preact/hooks";
import { whenReleased } from "../lib/pressed";
import { Name } from "./basics";
import { Icon } from "./icons";

interface Props {
  label: string;
  values: string[];
  onChange: (values: string[]) => void;
  placeholder?: string;
  hint?: string;
  hideLabel?: boolean;
  suggestions?: string[];
  /** What is wrong with a value, or null. */
  check?: (value: string) => string | null;
  /** What the server said of values. */
  errors?: { value?: string | null; message: string }[];
  /** As values are kept. */
  clean?: (value: string) => string;
  show?: (value: string) => string;
  /** What stands between values that are typed or pasted at once; nothing unless given. */
  between?: RegExp;
}

export function ChipField(props: Props) {
  const { label, values, onChange, check, errors = [], suggestions = [], clean = (v) => v.trim(), show = (v) => v } = props;
  const [text, setText] = useState("");
  const [active, setActive] = useState(-1);
  const [focused, setFocused] = useState(false);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);

  const matching = focused
    ? suggestions.filter((s) => !values.includes(s) && s !== text.trim() && s.toLowerCase().includes(text.trim().toLowerCase())).slice(0, 8)
    : [];

  const add = (raw: string) => {
    const parts = (props.between ? raw.split(props.between) : [raw]).map(clean).filter(Boolean);
    const next = [...values];
    for (const part of parts) if (!next.includes(part)) next.push(part);
    if (next.length > values.length) onChange(next);
    setText("");
    setActive(-1);
  };
  const removeAt = (at: number) => {
    onChange(values.filter((_, i) => i !== at));
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      const chosen = matching[active];
      if (chosen !== undefined || text.trim()) {
        event.preventDefault();
        add(chosen ?? text);
      } else {
        event.preventDefault();
      }
    } else if (event.key === "Backspace" && !text && values.length) {
      removeAt(values.length - 1);
    } else if (event.key === "ArrowDown" && matching.length) {
      event.preventDefault();
      setActive((active + 1) % matching.length);
    } else if (event.key === "ArrowUp" && matching.length) {
      event.preventDefault();
      setActive((active + matching.length - 1) % matching.length);
    } else if (event.key === "Escape" && active >= 0) {
      event.stopPropagation();
      setActive(-1);
    }
  };

  const problems = [
    ...values.flatMap((value) => {
      const message = check?.(value);
      return message ? [{ value, message }] : [];
    }),
    ...errors,
  ];
  const wrong = new Set(problems.map((p) => p.value));
  const list = matching.length > 0;

  return (
    <div class={`field ${problems.length ? "has-error" : ""}`}>
      <label class={props.hideLabel ? "label hidden" : "label"} for={id}>
        {label}
      </label>
      <div class="chips" onClick={(event) => event.target === event.currentTarget && input.current?.focus()}>
        {values.map((value, i) => (
          <span key={value} class={`chip ${wrong.has(value) ? "invalid" : ""}`}>
            <Name text={show(value)} most={60} />
            <button type="button" aria-label={`Delete ${show(value).slice(0, 200)}`} onClick={() => removeAt(i)}>
              <Icon name="close" size={12} />
            </button>
          </span>
        ))}
        <input
          id={id}
          ref={input}
          value={text}
          autocomplete="off"
          spellcheck={false}
          placeholder={values.length ? "" : props.placeholder}
          role={suggestions.length ? "combobox" : undefined}
          aria-expanded={suggestions.length ? list : undefined}
          aria-controls={list ? `${id}-list` : undefined}
          aria-activedescendant={active >= 0 && list ? `${id}-${active}` : undefined}
          aria-autocomplete={suggestions.length ? "list" : undefined}
          aria-invalid={problems.length > 0}
          aria-describedby={`${id}-hint`}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setActive(-1);
          }}
          onKeyDown={onKey}
          onFocus={() => setFocused(true)}
          onBlur={(event) => {
            setFocused(false);
            const left = event.currentTarget.value;
            if (left.trim()) whenReleased(() => add(left));
          }}
        />
      </div>
      {list && (
        <ul class="suggestions" id={`${id}-list`} role="listbox" aria-label={label}>
          {matching.map((value, i) => (
            <li
              key={value}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              onPointerDown={(event) => {
                event.preventDefault();
                add(value);
              }}
            >
              <Name text={show(value)} most={60} />
            </li>
          ))}
        </ul>
      )}
      <div id={`${id}-hint`}>
        {problems.map((problem, i) => (
          <p key={i} class="error">
            {problem.value && !problem.message.includes(problem.value) && (
              <>
                <Name text={problem.value} most={40} />:{" "}
              </>
            )}
            {problem.message}
          </p>
        ))}
        {props.hint && <p class="hint">{props.hint}</p>}
      </div>
    </div>
  );
}

export function TextField({
  label,
  value,
  onChange,
  errors = [],
  hint,
  autofocus = false,
  placeholder,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  errors?: { message: string }[];
  hint?: string;
  autofocus?: boolean;
  placeholder?: string;
}) {
  const id = useId();
  return (
    <div class={`field ${errors.length ? "has-error" : ""}`}>
      <label class="label" for={id}>
        {label}
      </label>
      <input
        id={id}
        value={value}
        autocomplete="off"
        placeholder={placeholder}
        aria-invalid={errors.length > 0}
        aria-describedby={`${id}-hint`}
        ref={(element) => {
          if (autofocus && element && !element.dataset["met"]) {
            element.dataset["met"] = "yes";
            element.focus();
          }
        }}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <div id={`${id}-hint`}>
        {errors.map((error, i) => (
          <p key={i} class="error">
            {error.message}
          </p>
        ))}
        {hint && <p class="hint">{hint}</p>}
      </div>
    </div>
  );
}

export function Check({
  label,
  checked,
  onChange,
  hint,
  disabled = false,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: string;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="check">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>
        {label}
        {hint && <span class="hint">{hint}</span>}
      </label>
    </div>
  );
}
