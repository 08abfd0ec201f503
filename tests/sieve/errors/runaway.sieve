require ["variables", "fileinto", "reject"];
fileinto "a";
reject "no";
