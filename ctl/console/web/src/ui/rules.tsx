// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of one direction, as they are edited. */
import { at } from "../lib/form";
import { selectorText, tagProblem } from "../lib/selector";
import { SUGGESTED_SERVICES, serviceProblem } from "../lib/services";
import type { Notice, Rule, Selector } from "../lib/types";
import { Name } from "./basics";
import { Check, ChipField, TextField } from "./chips";
import { Popover } from "./dialog";
import { Icon } from "./icons";
import { Segmented } from "./tabs";

export const NEW_RULE: Rule = { name: "", action: "Allow", object: [], protocolPorts: ["any"], logsDisabled: false, observationEnabled: false };

/** A selector as rows of chips: all tags of a row, any of the rows. */
export function SelectorField({
  label,
  value,
  onChange,
  suggestions,
  errors,
  hint,
  hideLabel = false,
}: {
  label: string;
  value: Selector;
  onChange: (value: Selector) => void;
  suggestions: string[];
  errors: { value?: string | null; message: string }[];
  hint?: string;
  hideLabel?: boolean;
}) {
  const groups = value.length ? value : [[]];
  const put = (index: number, tags: string[]) => {
    const next = groups.map((group, i) => (i === index ? tags : group));
    onChange(next.length === 1 && !next[0]!.length ? [] : next.filter((group, i) => group.length > 0 || i === next.length - 1));
  };
  return (
    <div class="selector">
      {groups.map((group, i) => (
        <div key={i}>
          {i > 0 && <span class="or">or</span>}
          <ChipField
            label={i ? `${label}, or` : label}
            hideLabel={hideLabel || i > 0}
            values={group}
            onChange={(tags) => put(i, tags)}
            check={tagProblem}
            suggestions={suggestions}
            errors={i === groups.length - 1 ? errors : []}
            placeholder="key=value"
            hint={i === groups.length - 1 ? hint : undefined}
          />
        </div>
      ))}
      {groups.at(-1)!.length > 0 && (
        <button type="button" class="link" onClick={() => onChange([...groups, []])}>
          or another
        </button>
      )}
    </div>
  );
}

interface RuleProps {
  rule: Rule;
  from: string;
  field: string;
  errors: Notice[];
  tags: string[];
  onChange: (rule: Rule) => void;
  onDelete: () => void;
  title: string;
}

function showService(service: string): string {
  return service === "any" ? "Any" : service;
}

function RuleEditor({ rule, from, field, errors, tags, onChange, onDelete, title }: RuleProps) {
  const set = (changes: Partial<Rule>) => onChange({ ...rule, ...changes });
  const ofObject = at(errors, `${field}.object`);
  const ofPorts = at(errors, `${field}.protocolPorts`);
  return (
    <fieldset class={`rule a-${rule.action}`}>
      <legend>{title}</legend>
      <div class="rule-head">
        <Segmented
          label="Action"
          options={[
            { value: "Allow", label: "Allow" },
            { value: "Reject", label: "Reject" },
          ]}
          value={rule.action}
          onChange={(action) => set({ action })}
        />
        <button type="button" class="icon-button" aria-label={`Delete ${title}`} onClick={onDelete}>
          <Icon name="trash" size={16} />
        </button>
      </div>
      <div class="rule-fields">
        <Popover label={from} invalid={ofObject.length > 0} summary={rule.object.flat().length ? <Name text={selectorText(rule.object)} most={80} /> : <span class="faint">Choose networks…</span>}>
          <SelectorField label={from} hideLabel value={rule.object} onChange={(object) => set({ object })} suggestions={tags} errors={ofObject} hint="Tags, each with ENTER: all of a row must hold." />
        </Popover>
        <Popover
          label="Protocols/Ports"
          invalid={ofPorts.length > 0 || rule.protocolPorts.some((s) => serviceProblem(s) !== null)}
          summary={rule.protocolPorts.length ? <Name text={rule.protocolPorts.map(showService).join(", ")} most={80} /> : <span class="faint">Which?</span>}
        >
          <ChipField
            label="Protocols/Ports"
            hideLabel
            values={rule.protocolPorts}
            onChange={(protocolPorts) => set({ protocolPorts })}
            between={/\s+|,\s*(?=[a-z])/i}
            clean={(text) => text.trim().toLowerCase()}
            show={showService}
            check={serviceProblem}
            suggestions={SUGGESTED_SERVICES}
            errors={ofPorts}
            hint="As tcp/22, tcp/8000:8010, udp/67, icmp/8/0, gre or any, each with ENTER."
          />
        </Popover>
      </div>
      {[...ofObject, ...ofPorts].map((error, i) => (
        <p key={i} class="error">
          {error.message}
        </p>
      ))}
      <details>
        <summary>More</summary>
        <TextField label="Name of the rule" value={rule.name} onChange={(name) => set({ name })} errors={at(errors, `${field}.name`)} />
        <Check label="Only observe" checked={rule.observationEnabled} onChange={(observationEnabled) => set({ observationEnabled })} hint="It decides nothing; flows carry what it would have decided." />
        <Check label="Do not log" checked={rule.logsDisabled} onChange={(logsDisabled) => set({ logsDisabled })} hint="Flows that it decides are not recorded." />
      </details>
    </fieldset>
  );
}

export function RuleList({
  direction,
  rules,
  onChange,
  errors,
  tags,
}: {
  direction: "Incoming" | "Outgoing";
  rules: Rule[];
  onChange: (rules: Rule[]) => void;
  errors: Notice[];
  tags: string[];
}) {
  const incoming = direction === "Incoming";
  return (
    <section class="rule-list" aria-label={direction}>
      <header>
        <h2>{direction}</h2>
        <button type="button" class="button small" onClick={() => onChange([...rules, { ...NEW_RULE }])}>
          <Icon name="plus" size={14} /> {incoming ? "Add Ingress Rule" : "Add Egress Rule"}
        </button>
      </header>
      {rules.length === 0 && <p class="hint">{incoming ? "Nothing said of who may reach the host." : "Nothing said of what the host may reach."}</p>}
      {rules.map((rule, i) => (
        <RuleEditor
          key={i}
          title={`${incoming ? "Ingress" : "Egress"} rule ${i + 1}`}
          rule={rule}
          from={incoming ? "From" : "To"}
          field={`${incoming ? "incomingRules" : "outgoingRules"}[${i}]`}
          errors={errors}
          tags={tags}
          onChange={(changed) => onChange(rules.map((r, j) => (j === i ? changed : r)))}
          onDelete={() => onChange(rules.filter((_, j) => j !== i))}
        />
      ))}
    </section>
  );
}
