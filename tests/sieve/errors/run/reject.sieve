require ["reject", "vacation"];
vacation "x";
reject "x";
