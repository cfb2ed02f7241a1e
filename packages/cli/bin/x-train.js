#!/usr/bin/env node
// npm links a command only when its file exists at install time, and dist/ does not before the first build
import '../dist/bin.js';
