# The gates: `make lint` is silent about what is right and fails at the end of
# all checks when one failed.  `make iwyu` is apart, because it takes minutes.

FORMATTED := $(wildcard */*.c */*.h lib/*/*.c lib/*/*.h tests/*.h tests/*/*/*.c tests/*/*/*.h)
LINTS := lint-format lint-layers lint-limits lint-names lint-events lint-man \
	lint-privileges lint-gcc lint-clang

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

# Every event that is logged is told of in its folder's events.def.
lint-events:
	$(Q)tools/events.py --check

# mandoc knows the manuals that are installed, not those made here.
lint-man: man
	$(Q)tools/manlint $(MAN_DIR)

# Warnings are errors, so building is the check.
lint-gcc:
	$(Q)$(MAKE) --no-print-directory CC=gcc all units
lint-clang:
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=build-clang all units

# Includes that are missing or not needed; F=ctl/out.c one file.
IWYU_FILES = $(if $(F),$(F),$(PROG_SRC) $(LIB_SRC))
iwyu: all
	$(Q)tools/iwyu.py $(IWYU_FILES) -- $(CPPFLAGS)
iwyu-fix: all
	$(Q)tools/iwyu.py --fix $(IWYU_FILES) -- $(CPPFLAGS)

# doc/privileges.md says what the daemons declare.
.PHONY: lint-privileges
lint-privileges: all
	$(Q)tools/privileges --check $(BUILD)/pabal
