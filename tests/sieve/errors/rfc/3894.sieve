require "fileinto";
fileinto :copy "x";
redirect :copy "a@b.c";
keep :copy;
