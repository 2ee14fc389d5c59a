/** The names of the files of this build, put in by build.mjs. */
declare const __FILES__: Record<string, string>;
