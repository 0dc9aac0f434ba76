// The link test of every library: see couplet_library in targets.cmake.
int main() { return 0; }
