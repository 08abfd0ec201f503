# The gates: `make lint` is silent about what is right and fails at the end of
# all checks when one failed.  `make iwyu` is apart, because it takes minutes.

FORMATTED := $(wildcard */*.c */*.h */*/*.c */*/*.h tests/unit/*/*.c tests/unit/*/*.h)
LINTS := lint-format lint-layers lint-limits lint-names lint-prefixes \
	lint-circles lint-errtext lint-events lint-man lint-privileges \
	lint-parsers lint-gcc lint-clang

.PHONY: lint format iwyu iwyu-fix $(LINTS)

lint:
	$(Q)$(MAKE) --no-print-directory -k $(LINTS)

format:
	$(Q)clang-format -i $(FORMATTED)

lint-format:
	$(Q)clang-format --dry-run --Werror $(FORMATTED)

lint-layers:
	$(Q)tools/layers.py .

# Lines per function, file and header; header lines a .c pulls in.
lint-limits:
	$(Q)tools/limits.py $(DAEMONS) ctl lib

# Exported names are unique in the tree.
lint-names: all
	$(Q)tools/names.py $(O)

# No text is searched for meaning.
lint-errtext:
	$(Q)tools/errtext.py $(DAEMONS) ctl lib

# A name says where it is from; a struct tag has one meaning.
lint-prefixes: all
	$(Q)tools/prefixes.py $(O)

# No files that need each other.
lint-circles: all
	$(Q)tools/circles.py $(O)

# Every event that is logged is told of in its folder's events.def.
lint-events:
	$(Q)tools/events.py --check

# mandoc knows the manuals that are installed, not those made here.
lint-man: man
	$(Q)tools/manlint $(MAN_DIR)

# Warnings are errors here, so building is the check.
lint-gcc:
	$(Q)$(MAKE) --no-print-directory CC=gcc BUILD=build-gcc WERROR=-Werror \
	    SAY= all units
lint-clang:
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=build-clang \
	    WERROR=-Werror SAY= all units

# Tools that follow paths: minutes, so apart from lint.  What they find is
# mended or answered in the code; .clang-tidy says what is left out, and why.
ANALYZED = $(if $(F),$(F),$(PROG_SRC) $(LIB_SRC))
.PHONY: analyze cppcheck
cppcheck: all
	$(Q)cppcheck --quiet -j2 --std=c11 --error-exitcode=1 \
	    --enable=warning,performance,portability --library=posix,bsd \
	    $(filter -I% -D%,$(CPPFLAGS)) \
	    --include=/usr/include/bsd/sys/queue.h \
	    --include=/usr/include/bsd/sys/tree.h --include=tools/cppcheck.h \
	    --suppressions-list=tools/cppcheck.txt $(ANALYZED)
analyze: all cppcheck
	$(Q)$(MAKE) --no-print-directory CC=gcc BUILD=build-analyze SAY= \
	    EXTRA_CFLAGS="-fanalyzer -Werror" all
	$(Q)printf '%s\n' $(ANALYZED) | xargs -P2 -n8 tools/tidy $(CPPFLAGS) --

# Includes that are missing or not needed; F=ctl/view/out.c one file.
IWYU_FILES = $(if $(F),$(F),$(PROG_SRC) $(LIB_SRC))
iwyu: all
	$(Q)tools/iwyu.py $(IWYU_FILES) -- $(CPPFLAGS)
iwyu-fix: all
	$(Q)tools/iwyu.py --fix $(IWYU_FILES) -- $(CPPFLAGS)

# doc/privileges.md says what the daemons declare.
.PHONY: lint-privileges
lint-privileges: all
	$(Q)tools/privileges --check $(BUILD)/pabal

# local writes the mail of many: nothing of it parses what a stranger wrote, but
# the two header fields that it looks for (mime/header.h).
PARSERS := mime_parse|mime_parser_|fill_part|addrlist_|param_content|word_decode|date_parse|imap_put_|mime_put_
.PHONY: lint-parsers
lint-parsers: all
	$(Q)! nm $(BUILD)/local | grep -E ' [A-Za-z] ($(PARSERS))'
	$(Q)nm $(BUILD)/smtpd | grep -q ' mime_parser_feed$$'
