// SPDX-License-Identifier: GPL-2.0-or-later
import { render } from "preact";
import { App } from "./app";
import "./style.css";

document.documentElement.dataset["theme"] = localStorage.getItem("theme") ?? "";
render(<App />, document.getElementById("app")!);
