require "notify";
notify :high :low;
notify :method 3;
denotify :high :low;
denotify "x";
