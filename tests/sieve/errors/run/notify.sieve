require ["enotify", "variables"];
set "how" "sms:1";
notify "${how}";
