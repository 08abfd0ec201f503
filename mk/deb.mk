# Debian packages, made from HEAD as it is committed.

DEB_PACKAGES := build-essential debhelper dh-apparmor apparmor dpkg-dev lintian
DEB_DIR      := $(BUILD)-deb

.PHONY: deb deb-deps

deb-deps:
	$(call install_packages,$(BUILD_PACKAGES) python3 $(DEB_PACKAGES))

# The packages into $(DEB_DIR), then lintian over them.
deb: deb-deps
	$(Q)tools/deb $(DEB_DIR)

# The package in a real system with systemd (VM=trixie one release).
VM ?=
.PHONY: vm
vm:
	$(Q)tools/vm $(VM)
