// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of any length: only the rows in sight are in the page. */
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  /** What rows are sorted by; a column without cannot be. */
  order?: (row: T) => string | number;
  /** Numbers stand on the right. */
  right?: boolean;
  /** As a part of the table's width. */
  width: number;
  /** It is never narrower. */
  min?: string;
  /** The same where there is little room. */
  small?: string;
  /** Left out where there is little room. */
  wide?: boolean;
  /** Left out unless there is plenty of room. */
  roomy?: boolean;
}

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  height?: "fill" | "auto";
  onRow?: (row: T) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (keys: ReadonlySet<string>) => void;
  onEnd?: () => void;
  onReading?: (reading: boolean) => void;
  empty?: ComponentChildren;
  open?: string | null;
}

const ROW = 38;

function useVirtual(count: number, scroller: { current: HTMLDivElement | null }) {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const virtual = useMemo(
    () =>
      new Virtualizer<HTMLDivElement, HTMLDivElement>({
        count,
        getScrollElement: () => scroller.current,
        estimateSize: () => ROW,
        overscan: 12,
        scrollToFn: elementScroll,
        observeElementRect,
        observeElementOffset,
        onChange: () => again(0),
      }),
    [],
  );
  virtual.setOptions({ ...virtual.options, count });
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  return virtual;
}

export function Table<T>(props: Props<T>) {
  const { rows, columns, rowKey, selected, onSelect } = props;
  const [sort, setSort] = useState<{ key: string; down: boolean } | null>(null);
  const [focus, setFocus] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);

  const sorted = useMemo(() => {
    const order = columns.find((c) => c.key === sort?.key)?.order;
    if (!order || !sort) return rows;
    const sign = sort.down ? -1 : 1;
    return [...rows].sort((a, b) => {
      const x = order(a);
      const y = order(b);
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
  }, [rows, sort, columns]);

  const virtual = useVirtual(sorted.length, scroller);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (sorted.length && last >= sorted.length - 5) props.onEnd?.();
  }, [last, sorted.length]);

  const toggle = (key: string) => {
    if (!onSelect || !selected) return;
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    onSelect(next);
  };
  const move = (to: number) => {
    const at = Math.max(0, Math.min(sorted.length - 1, to));
    setFocus(at);
    virtual.scrollToIndex(at);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${at}"]`)?.focus());
  };
  const onKey = (event: KeyboardEvent, index: number, row: T) => {
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + 15, PageUp: index - 15, Home: 0, End: sorted.length - 1 };
    const to = steps[event.key];
    if (event.target !== event.currentTarget) return;
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Enter" && props.onRow) {
      event.preventDefault();
      props.onRow(row);
    } else if (event.key === " " && onSelect) {
      event.preventDefault();
      toggle(rowKey(row));
    }
  };

  const template = (shown: Column<T>[], narrow = false) =>
    (onSelect ? "1.5rem " : "") + shown.map((c) => `minmax(${(narrow && c.small) || c.min || (c.right ? "3.3rem" : "3.6rem")}, ${c.width}fr)`).join(" ");
  const grid = { gridTemplateColumns: template(columns), "--middle": template(columns.filter((c) => !c.roomy)), "--narrow": template(columns.filter((c) => !c.wide && !c.roomy), true) };
  const height = props.height === "fill" ? undefined : `${Math.min(Math.max(sorted.length, 3), 14) * ROW + ROW + 2}px`;

  return (
    <div
      class={`table ${props.height === "fill" ? "fill" : ""}`}
      ref={scroller}
      style={height ? { height } : undefined}
      role="grid"
      aria-label={props.label}
      aria-rowcount={sorted.length + 1}
      aria-colcount={columns.length + (onSelect ? 1 : 0)}
      aria-multiselectable={onSelect ? true : undefined}
      tabIndex={sorted.length ? -1 : 0}
      onPointerEnter={() => props.onReading?.(true)}
      onPointerLeave={() => props.onReading?.(false)}
      onFocusIn={() => props.onReading?.(true)}
      onFocusOut={() => props.onReading?.(false)}
    >
      <div class="tr head" role="row" aria-rowindex={1} style={grid}>
        {onSelect && (
          <span role="columnheader">
            <span class="hidden">Ticked</span>
          </span>
        )}
        {columns.map((column) => (
          <span
            key={column.key}
            role="columnheader"
            class={`${column.right ? "right" : ""} ${column.roomy ? "roomy" : column.wide ? "wide" : ""}`}
            aria-sort={sort?.key === column.key ? (sort.down ? "descending" : "ascending") : undefined}
          >
            {column.order ? (
              <button
                type="button"
                onClick={() =>
                  setSort(sort?.key === column.key ? (sort.down ? { key: column.key, down: false } : null) : { key: column.key, down: true })
                }
              >
                {column.title}
                <span class="sort" aria-hidden="true">
                  {sort?.key === column.key ? (sort.down ? "↓" : "↑") : ""}
                </span>
              </button>
            ) : (
              column.title
            )}
          </span>
        ))}
      </div>
      {sorted.length === 0 && (
        <div role="row" aria-rowindex={2}>
          <div role="gridcell" class="no-rows">
            {props.empty ?? "Nothing here."}
          </div>
        </div>
      )}
      <div role="rowgroup" class="tbody" style={{ height: `${virtual.getTotalSize()}px` }}>
        {items.map((item) => {
          const row = sorted[item.index];
          if (row === undefined) return null;
          const key = rowKey(row);
          return (
            <div
              key={key}
              class={`tr ${props.onRow ? "clickable" : ""} ${props.open === key ? "open" : ""}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={selected ? selected.has(key) : undefined}
              tabIndex={item.index === focus ? 0 : -1}
              data-index={item.index}
              style={{ ...grid, transform: `translateY(${item.start}px)` }}
              onClick={() => props.onRow?.(row)}
              onKeyDown={(event) => onKey(event, item.index, row)}
              onFocus={() => setFocus(item.index)}
            >
              {onSelect && (
                <span role="gridcell" onClick={(event) => event.stopPropagation()}>
                  <input
                    type="checkbox"
                    tabIndex={-1}
                    aria-label="Tick this row"
                    checked={selected?.has(key) ?? false}
                    onChange={() => toggle(key)}
                  />
                </span>
              )}
              {columns.map((column) => (
                <span key={column.key} role="gridcell" class={`${column.right ? "right" : ""} ${column.roomy ? "roomy" : column.wide ? "wide" : ""}`}>
                  {column.cell(row)}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
