// A program that uses nothing of what is linked to it.
int main() {}
