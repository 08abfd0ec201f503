require "enotify";
notify;
notify "sms:1";
notify "mailto:";
notify :importance "4" "mailto:a@b.c";
notify :from "nobody" "mailto:a@b.c";
notify :options "x" "mailto:a@b.c";
notify :message 3 "mailto:a@b.c";
if valid_notify_method { stop; }
if notify_method_capability "mailto:a@b.c" "online" { stop; }
