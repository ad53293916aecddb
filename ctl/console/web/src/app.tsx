// SPDX-License-Identifier: GPL-2.0-or-later
/* Which page an address shows. */
import { useEffect } from "preact/hooks";
import * as live from "./lib/live";
import { path, param } from "./lib/router";
import { enterWith, finishAtProvider, login, resume, takeLink, takeReturn } from "./lib/session";
import { status, watch } from "./lib/state";
import { Audit } from "./pages/audit";
import { Catalogue } from "./pages/catalogue";
import { Discovery } from "./pages/discovery";
import { DnsLogs } from "./pages/dns";
import { FlowLogs, Flows } from "./pages/flows";
import { FromFlows } from "./pages/from-flows";
import { Health } from "./pages/health";
import { LoginAgain, LoginPage } from "./pages/login";
import { Enforcers, Namespaces } from "./pages/manage";
import { NetworkForm, Networks } from "./pages/networks";
import { Platform } from "./pages/platform";
import { RulesetForm, Rulesets } from "./pages/rulesets";
import { StagedPage } from "./pages/staged";
import { Shell } from "./shell";
import { Empty, Page } from "./ui/basics";
import { Keys } from "./ui/keys";
import { Toast } from "./ui/toast";

function Here() {
  const key = `${path.value} ${param("name")} ${param("clone")} ${param("entry")}`;
  switch (path.value) {
    case "/":
    case "/platform":
      return <Platform />;
    case "/discovery":
      return <Discovery />;
    case "/network/external-networks":
      return <Networks />;
    case "/network/external-networks/create":
      return <NetworkForm key={key} edit={false} />;
    case "/network/external-networks/edit":
      return <NetworkForm key={key} edit />;
    case "/network/rulesets":
      return <Rulesets />;
    case "/network/rulesets/create":
      return <RulesetForm key={key} edit={false} />;
    case "/network/rulesets/edit":
      return <RulesetForm key={key} edit />;
    case "/network/rulesets/from-flows":
      return <FromFlows key={param("pick")} />;
    case "/network/catalogue":
      return <Catalogue />;
    case "/staged":
      return <StagedPage />;
    case "/flows":
      return <Flows />;
    case "/logs/flows":
      return <FlowLogs />;
    case "/logs/dns":
      return <DnsLogs />;
    case "/logs/audit":
      return <Audit />;
    case "/manage/enforcers":
      return <Enforcers />;
    case "/manage/namespaces":
      return <Namespaces />;
    case "/health":
      return <Health />;
    default:
      return (
        <Page title="No such page">
          <Empty icon="help" title="There is no page at this address." />
        </Page>
      );
  }
}

export function App() {
  useEffect(() => {
    const code = takeLink();
    const said = takeReturn();
    const begun = said ? finishAtProvider(said) : code ? enterWith(code).then((refused) => (refused ? resume() : undefined)) : resume();
    begun.catch(() => {
      login.value = "out";
    });
  }, []);
  const inside = login.value === "in" || login.value === "expired";
  useEffect(() => {
    if (login.value !== "in") return;
    void watch();
    live.open();
  }, [login.value]);
  if (login.value === "unknown") return null;
  if (!inside) return <LoginPage />;
  return (
    <>
      <Shell>{status.value ? <Here /> : null}</Shell>
      <Keys />
      <LoginAgain />
      <Toast />
    </>
  );
}
