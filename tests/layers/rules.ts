// Every rule of the house by the sentence that it executes.
import {
  environmentStaysOutside,
  exportsAreNamed,
  exportsAreUsed,
  filesSayWhatTheyDo,
  namesSayWhat,
  noScatterND,
  nothingIsSuppressed,
  testsAreReal,
  typesAreHonest,
} from './habits.ts';
import {
  endingsAreWritten,
  foldersKeepDirection,
  noCycles,
  oneFileImports,
  packagesStayInPlace,
  roomsStandOnOthers,
  testsMirrorTheTree,
} from './imports.ts';
import {
  commentsAreMeasured,
  filesAreMostlyShort,
  filesAreShort,
  functionsAreMostlyShort,
  functionsAreShort,
  parametersAreFew,
  testsOutweighSource,
} from './measures.ts';
import type { Rule } from './source.ts';
import { glossaryIsMeant, oneVocabulary, recipesAreData, typesMeanOneThing, typesSayWhatTheyAre } from './words.ts';

export const rules: readonly [string, Rule][] = [
  ['every folder imports only what the architecture lets it', foldersKeepDirection],
  ['rooms of a divided folder import only those they stand on', roomsStandOnOthers],
  ['every package is imported only where it belongs', packagesStayInPlace],
  ['heavy packages have one importing file', oneFileImports],
  ['no files import each other in a circle', noCycles],
  ['tests lie in folders called as those of the source', testsMirrorTheTree],
  ['imports of our files are written with their ending', endingsAreWritten],
  ['no function is longer than 60 lines, no component than 100', functionsAreShort],
  ['functions have p50 <= 8 and p90 <= 30 lines', functionsAreMostlyShort],
  ['no function has more than 4 parameters', parametersAreFew],
  ['no file is longer than 400 lines', filesAreShort],
  ['files have p90 <= 250 lines', filesAreMostlyShort],
  ['tests are at least as long as the source', testsOutweighSource],
  ['comment lines are 4 to 12 % of the source', commentsAreMeasured],
  ['no any, no non-null !, no double cast', typesAreHonest],
  ['no check is silenced', nothingIsSuppressed],
  ['every source file begins with its header sentence', filesSayWhatTheyDo],
  ['no default exports, no barrels', exportsAreNamed],
  ['every export is imported somewhere', exportsAreUsed],
  ['nothing is called utils, helpers, common, misc or index', namesSayWhat],
  ['exported types use the words of the glossary', oneVocabulary],
  ['a type called by a word of the glossary is that thing', glossaryIsMeant],
  ['a type that others import has a name of its own', typesMeanOneThing],
  ['no type is called by a metaphor', typesSayWhatTheyAre],
  ['flow and the screen know recipes as data only', recipesAreData],
  ['no operator becomes ScatterND', noScatterND],
  ['only programs read the environment', environmentStaysOutside],
  ['no test runs alone or mocks a module of ours', testsAreReal],
];
