// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Searching by chips: pick a field, "is" or "is not", then values; ENTER takes each
 * step. Every choice can be made by mouse or by keyboard, and the whole can be
 * edited as text. Shift while taking a value means "not".
 */
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Field, type Term, format, parse, withValue } from "../lib/query";
import { Name } from "./basics";
import { Icon } from "./icons";

interface Props {
  value: string;
  onChange: (query: string) => void;
  fields: Field[];
  /** The search icon opens the field, as in the Access tab; else it is always there. */
  folded?: boolean;
  label?: string;
}

type Stage = { at: "field" } | { at: "operator"; field: Field } | { at: "value"; field: Field; not: boolean };

const OPERATORS = [
  { label: "is", not: false },
  { label: "is not", not: true },
];

export function chipLabel(term: Term, fields: Field[]): string {
  const field = fields.find((f) => f.name === term.field);
  const verb = term.not ? "is not" : "is";
  if (!term.field) return `${term.not ? "without" : "with"} “${term.values[0]}”`;
  return `${field?.label ?? term.field} ${verb} ${term.values.join(" or ")}`;
}

export function FilterBar({ value, onChange, fields, folded = false, label = "Search" }: Props) {
  const [open, setOpen] = useState(!folded);
  const [stage, setStage] = useState<Stage>({ at: "field" });
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const [focused, setFocused] = useState(false);
  const [raw, setRaw] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const opening = useRef(false);
  const id = useId();
  /* Before the next key, which belongs to it. */
  useLayoutEffect(() => {
    if (open && opening.current) input.current?.focus();
    opening.current = false;
  }, [open]);
  const { terms, error } = parse(value, fields);
  const typed = raw === null ? null : parse(raw, fields).error;

  const options: { label: string; hint?: string | undefined; take: (shift: boolean) => void }[] = [];
  const go = (next: Stage) => {
    setStage(next);
    setText("");
    setActive(0);
    input.current?.focus();
  };
  const addValue = (field: Field, value: string, not: boolean) => {
    onChange(format(withValue(terms, field.name, value, not)));
    setText("");
    setActive(0);
    input.current?.focus();
  };
  const lower = text.trim().toLowerCase();
  if (stage.at === "field") {
    for (const field of fields)
      if (!lower || field.label.toLowerCase().includes(lower) || field.name.startsWith(lower))
        options.push({ label: field.label, hint: field.hint, take: () => go({ at: "operator", field }) });
  } else if (stage.at === "operator") {
    for (const operator of OPERATORS)
      options.push({ label: operator.label, take: () => go({ at: "value", field: stage.field, not: operator.not }) });
  } else {
    for (const one of stage.field.values ?? [])
      if (!lower || one.toLowerCase().startsWith(lower))
        options.push({ label: one, take: (shift) => addValue(stage.field, one, stage.not !== shift) });
  }

  const enter = (shift: boolean) => {
    const word = text.trim();
    if (stage.at === "value") {
      if (!word && !(stage.field.values && active >= 0 && options[active])) return;
      if (word && !(stage.field.values && options[active])) addValue(stage.field, word, stage.not !== shift);
      else options[active]?.take(shift);
    } else if (stage.at === "operator") {
      options[active]?.take(shift);
    } else if (word && (word.includes(":") || !options.length || (active === 0 && options[0]?.label.toLowerCase() !== lower && !options[0]?.label.toLowerCase().startsWith(lower)))) {
      const more = parse(word, fields);
      if (!more.error) {
        onChange(format([...terms, ...more.terms]));
        setText("");
      }
    } else {
      options[active]?.take(shift);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      enter(event.shiftKey);
    } else if (event.key === "ArrowDown" && options.length) {
      event.preventDefault();
      setActive((active + 1) % options.length);
    } else if (event.key === "ArrowUp" && options.length) {
      event.preventDefault();
      setActive((active + options.length - 1) % options.length);
    } else if (event.key === "Backspace" && !text) {
      if (stage.at !== "field") go({ at: "field" });
      else if (terms.length) onChange(format(terms.slice(0, -1)));
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (stage.at !== "field") go({ at: "field" });
      else if (folded && !terms.length) setOpen(false);
      else input.current?.blur();
    }
  };

  if (!open && !terms.length)
    return (
      <button
        type="button"
        class="icon-button"
        aria-label={label}
        onClick={() => {
          opening.current = true;
          setOpen(true);
        }}
      >
        <Icon name="search" />
      </button>
    );

  if (raw !== null)
    return (
      <form
        class="filter raw"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed) return;
          onChange(raw.trim());
          setRaw(null);
        }}
      >
        <label class="hidden" for={`${id}-raw`}>
          Search as text
        </label>
        <input
          id={`${id}-raw`}
          class="mono"
          value={raw}
          spellcheck={false}
          autocomplete="off"
          aria-invalid={typed !== null}
          aria-describedby={`${id}-rawhint`}
          ref={(element) => {
            if (element && !element.dataset["met"]) {
              element.dataset["met"] = "yes";
              element.focus();
            }
          }}
          onInput={(event) => setRaw(event.currentTarget.value)}
        />
        <button type="submit" class="button primary" disabled={typed !== null}>
          Search
        </button>
        <button type="button" class="button" onClick={() => setRaw(null)}>
          Cancel
        </button>
        <p id={`${id}-rawhint`} class={typed ? "error" : "hint"}>
          {typed ? `At character ${typed.column}: ${typed.message}.` : "As port:22,443 -peer:ssh verdict:reject \"some words\""}
        </p>
      </form>
    );

  const listed = focused && options.length > 0;
  return (
    <div class="filter" role="search" aria-label={label}>
      <div class="chips">
        <Icon name="search" size={16} />
        {terms.map((term, i) => (
          <span key={i} class={`chip ${term.not ? "not" : ""}`}>
            <Name text={chipLabel(term, fields)} most={70} />
            <button
              type="button"
              aria-label={`Delete ${chipLabel(term, fields)}`}
              onClick={() => onChange(format(terms.filter((_, j) => j !== i)))}
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        ))}
        {stage.at !== "field" && (
          <span class="chip open">
            {stage.field.label} {stage.at === "value" ? (stage.not ? "is not" : "is") : ""}
          </span>
        )}
        <input
          ref={input}
          class="search-input"
          data-search
          value={text}
          spellcheck={false}
          autocomplete="off"
          placeholder={stage.at === "field" ? (terms.length ? "" : "Search: field, address, name") : stage.at === "value" ? (stage.field.hint ?? "value") : ""}
          role="combobox"
          aria-label={stage.at === "field" ? label : `${stage.field.label}: ${stage.at === "operator" ? "is or is not" : "value"}`}
          aria-expanded={listed}
          aria-controls={listed ? `${id}-list` : undefined}
          aria-autocomplete="list"
          aria-activedescendant={listed && options[active] ? `${id}-${active}` : undefined}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={onKey}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
        />
        {(terms.length > 0 || error) && (
          <button type="button" class="link" onClick={() => onChange("")}>
            Clear
          </button>
        )}
        <button type="button" class="link" onClick={() => setRaw(value)}>
          As text
        </button>
      </div>
      {listed && (
        <ul class="suggestions" role="listbox" id={`${id}-list`} aria-label={stage.at === "field" ? "Fields" : "Choices"}>
          {options.map((option, i) => (
            <li
              key={option.label}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              onPointerDown={(event) => event.preventDefault()}
              onClick={(event) => option.take(event.shiftKey)}
            >
              {option.label}
              {option.hint && <span class="hint">{option.hint}</span>}
            </li>
          ))}
        </ul>
      )}
      {error && (
        <p class="error" role="alert">
          At character {error.column}: {error.message}.
        </p>
      )}
    </div>
  );
}
