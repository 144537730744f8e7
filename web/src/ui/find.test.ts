import { around, cutAt, hasAll, wordsIn } from "./find.ts";

function equal(got: unknown, wanted: unknown) {
  const [one, other] = [got, wanted].map((each) => JSON.stringify(each));
  if (one !== other) throw new Error(`${one} is not ${other}`);
}

Deno.test("a text is found by all its words, in any order and case, and not by some", () => {
  equal(hasAll("Air density and the Rotor", wordsIn("rotor DENS")), true);
  equal(hasAll("Air density", wordsIn("rotor dens")), false);
});

Deno.test("what is cut is whole again when put together, and characters of patterns are only characters", () => {
  const text = "f(x) = x^2, Größe f(X)";
  const pieces = cutAt(text, wordsIn("f(x) größe"));
  equal(pieces, ["", "f(x)", " = x^2, ", "Größe", " ", "f(X)", ""]);
  equal(pieces.join(""), text);
  equal(cutAt(text, []), [text]);
});

Deno.test("the longer of two words that begin alike is marked whole", () => {
  equal(cutAt("windmill", wordsIn("wind windmill")), ["", "windmill", ""]);
});

Deno.test("surroundings begin and end between words, and show the word", () => {
  const long = `${"before ".repeat(40)}needle ${"after ".repeat(40)}`;
  const found = around(long, ["needle"]);
  equal([found.startsWith("… before"), found.includes("needle"), found.endsWith("after …")], [
    true,
    true,
    true,
  ]);
  equal(around("Short  \n text", ["text"]), "Short text");
});
