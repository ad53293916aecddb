# SPDX-License-Identifier: GPL-2.0-or-later
#
# The console's application: built with npm, and shipped as built, so that nothing
# else here needs npm.

.PHONY: web
web: ## build the console's application, ctl/console/web/dist, with npm
	cd ctl/console/web && npm ci --silent --no-audit --no-fund && npm run --silent build
	ctl/console/web/licences > LICENSES/console-libraries

.PHONY: bench-console
bench-console: programs synthesize ## how soon the console is there, and what ten million flows cost its pages
	nice tests/bench/console.mjs $(FLOWS)
