# SPDX-License-Identifier: Apache-2.0
#
# One Makefile, for everything.  `make help` lists the targets; V=1 shows
# the command lines.

NATIVE := $(shell uname -m)
ARCH ?= $(NATIVE)
CHECK ?=
B := build/$(ARCH)
A := build/asan
# What is for use.  Another machine's programs lie apart from this one's.
O := build
ifneq ($(ARCH),$(NATIVE))
O := $(B)
CROSS ?= $(ARCH)-linux-gnu-
BY_EMULATOR := qemu-$(ARCH)
endif
DEPS := build/deps/$(ARCH)-musl
HOST := build/deps/$(ARCH)-host
CC := $(DEPS)/bin/cc
AR := $(CROSS)ar
STRIP := $(CROSS)strip
CLANG ?= clang

# A compiler of these takes some 300 MB at its worst.
JOBS := $(shell awk -v n=$$(nproc) '/MemAvailable/ { m = int($$2 / 300000); \
	print m < 1 ? 1 : (m < n ? m : n) }' /proc/meminfo)
MAKEFLAGS += -j$(JOBS) --no-print-directory

ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)'
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wformat=2 -Wvla \
	-Wno-sign-conversion -Werror
COMMON := -std=c11 -D_GNU_SOURCE -Isrc -Ibuild/inc -MMD -MP $(WARNINGS)
# Everything gcc and musl offer; musl has no _FORTIFY_SOURCE.
HARDENING := -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=full -ftrivial-auto-var-init=zero \
	-fzero-call-used-regs=used-gpr -fno-plt -fPIE
# The same thing has another name there.  musl has nothing that tells gcc's
# atomics at run time what the processor can do.
ifeq ($(ARCH),aarch64)
HARDENING := $(filter-out -fcf-protection=full,$(HARDENING)) \
	-mbranch-protection=standard -mno-outline-atomics
endif
CFLAGS := $(COMMON) $(HARDENING) -Os -g -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables
LDFLAGS := -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--as-needed -pthread
LIBS := -lcurl -lz -lmbedtls -lmbedx509 -lmbedcrypto -lsqlite3 -lcjson -lqrencode -lseccomp \
	-lpicohttpparser -lmosquitto -lm

SRC := $(wildcard src/*/*.c)
OBJ := $(SRC:%.c=$(B)/%.o)
# Everything but main: what tests and fuzzers link.
LIB_SRC := $(filter-out src/main/main.c,$(SRC))
# The shell stands on packages, so it is made when it is wanted: `make shell`.
TOOLS := $(filter-out shell,$(patsubst containers/%/tool.json.in,%,$(wildcard containers/*/tool.json.in)))
IMAGES := $(TOOLS:%=$(O)/containers/%/tool.json)

.PHONY: all shell help check check-policy mutate check-sweep check-mcp check-sentences check-home check-models check-integration check-containers check-web check-app check-vm check-arm64 dist asan crash soak soak-vm soak-week fuzz \
	fuzz-smoke analyze layers format size bench ci clean deps deps-aarch64
all: $(O)/durward $(O)/shim $(IMAGES)
	@:

# Everything else runs what it builds, or is the same for every machine.
ANYWHERE := all dist check size deps clean help build/%
ifneq ($(BY_EMULATOR),)
ifneq ($(filter-out $(ANYWHERE),$(MAKECMDGOALS)),)
$(error for $(ARCH) this machine can make 'all', 'check' and 'size'; \
	the rest needs a machine of that kind, or no ARCH)
endif
endif

help:
	@echo 'all                the binary, the shim and the tools (default)'
	@echo 'shell              the tool shell, from packages of the distribution'
	@echo 'check              unit tests, plain and under ASan and UBSan'
	@echo 'check-integration  tests on the running house'
	@echo 'check-containers   tests that need Podman'
	@echo 'check-vm           a package on a new machine: Debian with systemd, in QEMU'
	@echo 'check-arm64        the same on an arm64, which takes long: scripts/setup arm64'
	@echo 'dist               a Debian package, into build/dist'
	@echo 'check-web          the tool web alone, against servers good and bad'
	@echo 'check-app          the web app in a real browser, APP="NAME"'
	@echo 'asan               unit tests under ASan and UBSan alone'
	@echo 'check-policy       the judge against a second reading of its man page'
	@echo 'check-mcp          the MCP session against real and hostile servers, MCP="..."'
	@echo 'check-sentences    what a home is asked in plain words, SENTENCES=FOLDER'
	@echo 'check-home         what real devices announce, and templates against Jinja2, HOME_TESTS="..."'
	@echo 'check-models       the model servers that tests use, against official clients, MODELS="..."'
	@echo 'mutate             every mutant of the judge must be noticed'
	@echo 'check-sweep        kill each role at each of its writes and sends, SWEEP="..."'
	@echo 'crash [SEEDS=300]  power cuts at seeded moments of a real ledger'
	@echo 'soak               10,000 power cuts, a million judged cases'
	@echo 'soak-vm            1,000 power cuts of a whole machine'
	@echo 'soak-week          eight days of a house in minutes, DAYS=8, and their picture'
	@echo 'fuzz T=NAME [S=60] one fuzzer, S seconds'
	@echo 'fuzz-smoke [S=5]   every fuzzer, S seconds each'
	@echo 'analyze            two static analysers, one line a finding'
	@echo 'layers             who includes whom'
	@echo 'format             clang-format everything in place'
	@echo 'size               bytes of the binary'
	@echo 'bench              the figures, with their references'
	@echo 'ci                 what CI does'
	@echo 'ARCH=aarch64       with all, check (under qemu-user), size and clean:'
	@echo '                   the same for a Raspberry Pi, in build/aarch64;'
	@echo '                   scripts/setup cross installs what this needs'

# ---- third-party libraries ----

# The compiler's wrapper holds its own path: a checkout that was moved must
# build the libraries anew.
HERE := $(shell readlink -f build/deps)
define forget_moved
ifneq ($$(shell cat $(1)/.done 2>/dev/null),$$(HERE))
$$(shell rm -f $(1)/.done)
endif
endef
$(eval $(call forget_moved,$(DEPS)))
$(eval $(call forget_moved,$(HOST)))

$(DEPS)/.done: scripts/deps scripts/deps.lock $(wildcard scripts/deps.d/*)
	$(call say,DEPS,musl)
	$(Q)ARCH=$(ARCH) CROSS=$(CROSS) scripts/deps musl && readlink -f build/deps >$@

$(HOST)/.done: scripts/deps scripts/deps.lock $(wildcard scripts/deps.d/*)
	$(call say,DEPS,host)
	$(Q)ARCH=$(ARCH) scripts/deps host && readlink -f build/deps >$@

deps: $(DEPS)/.done $(if $(BY_EMULATOR),,$(HOST)/.done)

# Beside this machine's.
deps-aarch64:
	$(Q)$(MAKE) ARCH=aarch64 deps

# ---- the binary ----

# What is part of it as it is.
$(B)/src/plain/sets.o $(A)/src/plain/sets.o: $(wildcard config/sentences/*.json)

$(B)/%.o: %.c $(DEPS)/.done
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(B)/durward.debug: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJ) $(LIBS)

# What it has within itself, where -MMD does not look.
$(B)/src/runner/profile.o $(A)/src/runner/profile.o: config/seccomp/$(ARCH).json

# The web app, the same for every machine.
$(B)/src/app/app.o $(A)/src/app/app.o: build/inc/app/app.inc
build/inc/app/app.inc: scripts/make-app src/approval/words.c $(filter-out %.c %.h,$(wildcard src/app/*)) src/app/.npmrc
	$(call say,APP,$@)
	$(Q)scripts/make-app build/app $@

$(O)/durward: $(B)/durward.debug
	$(call say,STRIP,$@)
	$(Q)$(STRIP) -o $@ $<

# ---- tools and their images ----

TOOL_CFLAGS := $(filter-out -MMD -MP,$(CFLAGS)) -Icontainers
TOOL_LDFLAGS := $(filter-out -pthread,$(LDFLAGS)) -s

$(O)/shim: containers/shim/shim.c $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $<

# What a tool links, and what of this machine its image holds.
LIBS_web := -lcurl -lmbedtls -lmbedx509 -lmbedcrypto -lz
FILES_web := /etc/ssl/certs/ca-certificates.crt

.SECONDEXPANSION:
$(O)/containers/%/program: $$(wildcard containers/$$*/*.[ch]) \
		containers/serve/serve.c containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $(filter %.c,$^) \
		$(LIBS_$*) -lcjson -lm

$(O)/containers/%/tool.json: $(O)/containers/%/program \
		containers/%/tool.json.in scripts/make-image $$(FILES_$$*)
	$(call say,IMAGE,$*)
	$(Q)ARCH=$(ARCH) scripts/make-image $* $(O)/containers/$* \
		containers/$*/tool.json.in $(FILES_$*)

$(FILES_web):
	@echo '$@ is missing: install ca-certificates, or run scripts/setup' >&2
	@false
.PRECIOUS: $(O)/containers/%/program

# What the shell finds around itself.
shell: all $(O)/containers/shell/tool.json
	@:

$(O)/base/packages: scripts/make-base
	$(call say,BASE,$(O)/base)
	$(Q)ARCH=$(ARCH) scripts/make-base $(O)/base
	$(Q)touch $@

$(O)/containers/shell/tool.json: $(O)/containers/shell/program \
		containers/shell/tool.json.in scripts/make-image $(O)/base/packages
	$(call say,IMAGE,shell)
	$(Q)ARCH=$(ARCH) scripts/make-image --base $(O)/base/root shell \
		$(O)/containers/shell containers/shell/tool.json.in

# ---- a package ----

# Of Debian, for this machine or that of ARCH.
dist: all
	$(Q)ARCH=$(ARCH) scripts/make-package build/dist

# ---- tests ----

UNIT := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT:tests/unit/%.c=$(B)/tests/%)
UNIT_ASAN := $(UNIT:tests/unit/%.c=$(A)/tests/%)
ASAN_CFLAGS := $(filter-out -Wpedantic,$(COMMON)) -Itests/lib \
	-isystem $(HOST)/include -g -O1 -fno-omit-frame-pointer \
	-fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=undefined
ASAN_OBJ := $(LIB_SRC:%.c=$(A)/%.o)
HOST_LIBS := -L$(HOST)/lib $(LIBS) -lpthread

$(B)/lib.a: $(LIB_SRC:%.c=$(B)/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(A)/lib.a: $(ASAN_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(A)/%.o: %.c $(HOST)/.done
	$(call say,ASAN,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(ASAN_CFLAGS) -c -o $@ $<

# What tools do with bytes alone, for unit tests and fuzzing.
WEB := $(patsubst %,containers/web/%.o,charset entity html name page scan text) \
	containers/files/text.o containers/shell/stream.o

$(B)/containers/%.o: containers/%.c $(DEPS)/.done
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Icontainers -c -o $@ $<

$(A)/containers/%.o: containers/%.c $(HOST)/.done
	$(call say,ASAN,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(ASAN_CFLAGS) -Icontainers -c -o $@ $<

$(B)/web.a: $(WEB:%=$(B)/%)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(A)/web.a: $(WEB:%=$(A)/%)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The disk that fails.  Like a test it is built anew with what it includes.
TEST_LIB := $(wildcard tests/lib/*.c)
TEST_LIB_H := $(wildcard tests/lib/*.h tests/unit/*/*.h)

$(B)/tests/%.o: tests/%.c $(TEST_LIB_H) $(B)/lib.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -Itests/lib -c -o $@ $<

$(A)/tests/%.o: tests/%.c $(TEST_LIB_H) $(A)/lib.a
	$(call say,ASAN,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP,$(ASAN_CFLAGS)) -c -o $@ $<

$(B)/testlib.a: $(TEST_LIB:%.c=$(B)/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(A)/testlib.a: $(TEST_LIB:%.c=$(A)/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/%: tests/unit/%.c $(TEST_LIB_H) $(B)/testlib.a $(B)/web.a $(B)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -Itests/lib -Icontainers \
		$(LDFLAGS) -o $@ $< $(filter %.a,$^) $(LIBS)

$(A)/tests/%: tests/unit/%.c $(TEST_LIB_H) $(A)/testlib.a $(A)/web.a $(A)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP,$(ASAN_CFLAGS)) -Icontainers \
		-fsanitize=address,undefined -o $@ $< $(filter %.a,$^) \
		$(HOST_LIBS)

# The sanitizers look at this machine's programs alone: what they find is
# wrong on every other as well.
CHECKED := $(UNIT_BIN) $(if $(BY_EMULATOR),,$(UNIT_ASAN))
check: $(CHECKED)
	$(Q)UNIT_UNDER=$(BY_EMULATOR) tests/lib/run-unit $(CHECKED)

asan: $(UNIT_ASAN)
	$(Q)tests/lib/run-unit $(UNIT_ASAN)

# The binary with another loop: tests/probe/*.c stand in for ipc/serve.c.
PROBES := $(patsubst tests/probe/%.c,$(O)/probe-%,$(wildcard tests/probe/*.c))
$(O)/probe-%: tests/probe/%.c $(wildcard tests/probe/*.h) $(OBJ)
	$(call say,PROBE,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(filter-out $(B)/src/ipc/serve.o,$(OBJ)) $(LIBS)

# The binary with clocks that leap, for tests of what takes weeks.
$(O)/hasty: tests/soak/hasty.c $(OBJ)
	$(call say,HASTY,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) \
		-Wl,--wrap=clock_gettime,--wrap=adjtimex,--wrap=syscall -o $@ $< $(OBJ) $(LIBS)

# A tool that does everything wrong that a tool can.
BAD := $(O)/test-containers/badtool
$(BAD)/program: tests/containers/badtool/main.c $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $<

$(BAD)/tool.json: $(BAD)/program tests/containers/badtool/tool.json.in \
		scripts/make-image
	$(call say,IMAGE,badtool)
	$(Q)ARCH=$(ARCH) scripts/make-image badtool $(BAD) \
		tests/containers/badtool/tool.json.in

# A tool that tries what a URL tells it.
REACHER := $(O)/test-containers/reacher
$(REACHER)/program: tests/containers/reacher/main.c \
		containers/serve/serve.c containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $< \
		containers/serve/serve.c -lcjson -lm

$(REACHER)/tool.json: $(REACHER)/program \
		tests/containers/reacher/tool.json.in scripts/make-image
	$(call say,IMAGE,reacher)
	$(Q)ARCH=$(ARCH) scripts/make-image reacher $(REACHER) \
		tests/containers/reacher/tool.json.in

# A tool that has secrets.
KEEPER := $(O)/test-containers/keeper
$(KEEPER)/program: tests/containers/keeper/main.c containers/serve/serve.c \
		containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $< \
		containers/serve/serve.c -lcjson -lm

$(KEEPER)/tool.json: $(KEEPER)/program tests/containers/keeper/tool.json.in \
		scripts/make-image
	$(call say,IMAGE,keeper)
	$(Q)ARCH=$(ARCH) scripts/make-image keeper $(KEEPER) \
		tests/containers/keeper/tool.json.in

# A tool that fills its volume.
HOARDER := build/test-containers/hoarder
$(HOARDER)/program: tests/containers/hoarder/main.c containers/serve/serve.c \
		containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $< \
		containers/serve/serve.c -lcjson -lm

$(HOARDER)/tool.json: $(HOARDER)/program tests/containers/hoarder/tool.json.in \
		scripts/make-image
	$(call say,IMAGE,hoarder)
	$(Q)scripts/make-image hoarder $(HOARDER) \
		tests/containers/hoarder/tool.json.in

# A tool that tries to get out, as each kind of tool that there is.
HOSTILE := $(O)/test-containers/hostile $(O)/test-containers/hostile-volume \
	$(O)/test-containers/hostile-network $(O)/test-containers/hostile-given
HOSTILE_TOOLS := $(HOSTILE:%=%/tool.json)
$(HOSTILE:%=%/program): $(wildcard containers/hostile/*.[ch]) \
		containers/serve/serve.c containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ \
		$(filter %.c,$^) -lcjson -lm

$(HOSTILE_TOOLS): %/tool.json: %/program scripts/make-image \
		$(wildcard containers/hostile/*.json.in)
	$(call say,IMAGE,$(*F))
	$(Q)ARCH=$(ARCH) scripts/make-image $(*F) $* containers/hostile/$(*F).json.in

check-integration: all $(O)/hasty $(PROBES) $(BAD)/tool.json $(KEEPER)/tool.json \
		$(B)/tests/home-drive
	$(Q)tests/lib/run-integration --suite $(CHECK)

check-containers: shell $(PROBES) $(BAD)/tool.json $(REACHER)/tool.json \
		$(KEEPER)/tool.json $(HOARDER)/tool.json $(HOSTILE_TOOLS)
	$(Q)DURWARD_LANES=1 tests/lib/run-integration --suite tests/containers/*.py

# A Debian with systemd and cgroup v2, in QEMU; SUITE=trixie for the next.
check-vm: all $(PROBES) $(HOSTILE_TOOLS)
	$(Q)DURWARD_LANES=1 DURWARD_SUITE=$(or $(SUITE),bookworm) \
		tests/lib/run-integration --suite tests/vm/[0-9]*.py

# The same life of a machine of the other kind, as a Raspberry Pi is.
check-arm64: all
	$(Q)$(MAKE) ARCH=aarch64 all build/aarch64/probe-badmind \
		build/aarch64/test-containers/hostile/tool.json
	$(Q)DURWARD_LANES=1 DURWARD_ARCH=arm64 \
		tests/lib/run-integration --suite tests/vm/10*.py

check-web: all
	$(Q)tests/lib/run-integration --suite tests/web_tool/the_web_is_read.py

# ---- MCP servers ----

# The house's own session beside servers that others wrote, and hostile ones.
$(B)/tests/drive: tests/mcp/drive.c $(B)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(B)/lib.a $(LIBS)

$(A)/tests/drive: tests/mcp/drive.c $(A)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP,$(ASAN_CFLAGS)) \
		-fsanitize=address,undefined -o $@ $< $(A)/lib.a $(HOST_LIBS)

# The home's rooms as one program, for what real device worlds announce.
$(B)/tests/home-drive: tests/home/drive.c $(B)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(B)/lib.a $(LIBS)

$(A)/tests/home-drive: tests/home/drive.c $(A)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP,$(ASAN_CFLAGS)) \
		-fsanitize=address,undefined -o $@ $< $(A)/lib.a $(HOST_LIBS)

check-home: $(B)/tests/home-drive $(A)/tests/home-drive
	$(Q)tests/home/run $(HOME_TESTS)

check-mcp: all $(B)/tests/drive $(A)/tests/drive
	$(Q)tests/mcp/run $(MCP)

# ---- model servers ----

# What our model clients are tested against is what it pretends to be; and the
# house's own dialects beside it.
$(A)/tests/models-drive: tests/models/drive.c $(A)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP,$(ASAN_CFLAGS)) \
		-fsanitize=address,undefined -o $@ $< $(A)/lib.a $(HOST_LIBS)

check-app: all $(O)/probe-puppet
	$(Q)tests/web/run $(APP)

check-models: all $(A)/tests/models-drive
	$(Q)tests/models/run $(MODELS)

# ---- sentences ----

$(B)/tests/sentence-driver: tests/sentence/driver.c $(B)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(B)/lib.a $(LIBS)

check-sentences: $(B)/tests/sentence-driver
	$(Q)+SENTENCES='$(SENTENCES)' tests/sentence/run

# ---- power cuts ----

CRASH_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/crash/*.c))
SEEDS ?= 300
$(CRASH_OBJ): tests/crash/crash.h

$(B)/crash: $(CRASH_OBJ) $(B)/testlib.a $(B)/lib.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

crash: $(B)/crash
	$(Q)tests/crash/run $(B)/crash $(SEEDS)

soak: $(B)/crash $(B)/tests/decide
	$(Q)tests/crash/run $(B)/crash 10000
	$(Q)tests/policy/run --count 1000000

# A house whose clocks leap; needs root, as its two halves are two users.
soak-week: all $(O)/hasty
	$(Q)tests/soak/week --days $(or $(DAYS),8) --picture $(O)/week.svg

# A thousand ends of power of a whole machine; needs root, as all of its tests.
soak-vm: all
	$(Q)tests/vm/image
	$(Q)VM_STATES=1000 tests/lib/run-integration tests/vm/20_the_power_goes.py

# The judge beside a second reading of its man page.
CASES ?= 100000
$(B)/tests/decide: tests/policy/decide.c $(B)/lib.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(B)/lib.a $(LIBS)

check-policy: $(B)/tests/decide
	$(Q)tests/policy/run --count $(CASES)

mutate: $(B)/tests/decide
	$(Q)tests/policy/mutate src/policy/decide.c src/policy/match.c

# ---- kills ----

# Who kills; a program of this machine, as it knows the kernel's headers.
$(O)/kill_at: tests/sweep/kill_at.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)cc -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -o $@ $<

# A tool whose calls can be counted.
TALLY := $(O)/test-containers/tally
$(TALLY)/program: tests/containers/tally/main.c containers/serve/serve.c \
		containers/serve/serve.h $(DEPS)/.done
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $< \
		containers/serve/serve.c -lcjson -lm

$(TALLY)/tool.json: $(TALLY)/program tests/containers/tally/tool.json.in \
		scripts/make-image
	$(call say,IMAGE,tally)
	$(Q)ARCH=$(ARCH) scripts/make-image tally $(TALLY) tests/containers/tally/tool.json.in

check-sweep: all $(O)/kill_at $(TALLY)/tool.json
	$(Q)tests/sweep/run $(SWEEP)

# What only a machine of that kind can run is built at least.
ifneq ($(BY_EMULATOR),)
check: $(PROBES) $(HOSTILE_TOOLS) $(BAD)/tool.json \
	$(REACHER)/tool.json $(KEEPER)/tool.json $(TALLY)/tool.json
endif

# ---- fuzzing ----

FUZZ := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ:tests/fuzz/%.c=$(A)/fuzz/%)
S ?= 5
$(A)/fuzz/%: tests/fuzz/%.c $(A)/web.a $(A)/lib.a
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP fuzzer-no-link,$(ASAN_CFLAGS)) \
		-Icontainers -fsanitize=address,undefined,fuzzer -o $@ $< \
		$(filter %.a,$^) $(HOST_LIBS)

fuzz: $(A)/fuzz/fuzz_$(T)
	$(Q)tests/fuzz/run $(A)/fuzz/fuzz_$(T) $(S)

SMOKE := $(FUZZ_BIN:%=%.smoke)
.PHONY: $(SMOKE)
$(SMOKE): %.smoke: %
	$(Q)tests/fuzz/run $< $(S)
fuzz-smoke: $(SMOKE)
	@:

# ---- static analysis ----

# clang's does not inline what takes variadic arguments, gcc's gives up where
# a function has too many paths: each finds what the other does not.  gcc's
# sees most before the optimiser has been there, where its ordinary warnings
# know least.
ANALYZED := $(filter-out -MMD -MP -Wpedantic -Werror,$(COMMON)) -Icontainers
CHECKERS := core deadcode nullability security unix
# How far clang's follows the paths of a function; its own measure, 225000,
# takes more than twice the time.
DEPTH ?= 75000
BY_CLANG := $(CLANG) --analyze --analyzer-output text \
	-Xclang -analyzer-config -Xclang max-nodes=$(DEPTH) \
	$(CHECKERS:%=-Xclang -analyzer-checker=%) -Xclang \
	-analyzer-disable-checker=security.insecureAPI.DeprecatedOrUnsafeBufferHandling \
	$(ANALYZED) -isystem $(HOST)/include
BY_GCC := $(CC) -fanalyzer -O0 $(filter-out $(WARNINGS),$(ANALYZED)) \
	-c -o /dev/null

analyze: $(DEPS)/.done $(HOST)/.done
	$(Q)BY_CLANG='$(BY_CLANG)' BY_GCC='$(BY_GCC)' scripts/analyze $(SRC) \
		$(wildcard containers/*/*.c)

# ---- the rest ----

layers:
	$(Q)scripts/check-layers

format:
	$(Q)clang-format -i $$(git ls-files -co --exclude-standard 'src/*.[ch]' 'containers/*.[ch]' 'tests/*.[ch]')

size: all
	$(Q)stat -c '%s %n' $(O)/durward $(O)/shim $(TOOLS:%=$(O)/containers/%/program)

$(B)/bench/%: tests/bench/%.c $(B)/lib.a
	$(call say,BENCH,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(B)/lib.a $(LIBS)

bench: all
	$(Q)+tests/bench/run

ci:
	$(Q).ci/run

clean:
	$(Q)rm -rf $(B) $(if $(BY_EMULATOR),,$(A) $(O)/durward $(O)/shim \
		$(O)/containers $(O)/probe-* $(O)/hasty $(O)/kill_at $(O)/test-containers)

-include $(OBJ:.o=.d) $(ASAN_OBJ:.o=.d) $(WEB:%.o=$(B)/%.d) $(WEB:%.o=$(A)/%.d)
