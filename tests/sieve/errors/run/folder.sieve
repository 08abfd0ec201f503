require ["variables", "fileinto"];
fileinto "${none}";
