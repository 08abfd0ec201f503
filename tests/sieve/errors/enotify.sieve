require "enotify";

notify :low "mailto:a@example.net";
