require ["reject", "ereject"];
reject;
ereject 3;
reject ["a", "b"];
ereject :mime "x";
