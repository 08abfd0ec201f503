require "notify";

notify :method "xmpp" :options "a@example.net";
notify :message "x";
notify :options "no address";
notify :options "a@example.net" :importance "1";
denotify :id "x";
notify :options "a@example.net" :low :high;
