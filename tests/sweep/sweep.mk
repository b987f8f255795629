# SPDX-License-Identifier: Apache-2.0
#
# What tests/sweep/run needs beside `make all`: who kills, and a tool whose
# calls can be counted.
include Makefile

TALLY := build/test-containers/tally

build/kill_at: tests/sweep/kill_at.c $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)cc -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -o $@ $<

$(TALLY)/program: tests/containers/tally/main.c containers/serve/serve.c \
		containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $< \
		containers/serve/serve.c -lcjson -lm

$(TALLY)/tool.json: $(TALLY)/program tests/containers/tally/tool.json.in \
		scripts/make-image
	$(call say,IMAGE,tally)
	$(Q)scripts/make-image tally $(TALLY) tests/containers/tally/tool.json.in

.PHONY: sweep-parts
sweep-parts: all build/kill_at $(TALLY)/tool.json
	@:
